"""``skpbnas reproduce`` refuses what it cannot do, and says why; what it does is tested in its package."""

import pytest
from typer.testing import CliRunner

from skpbnas.cli import app


def flat(output):
    """Return an error message without its frame and line breaks."""
    return " ".join(output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--table", "a.npz", "--nasbench101", "b.tfrecord"], "not both"),
        (["--table", "absent.npz"], "absent.npz"),
        (["--nasbench101", "absent.tfrecord"], "absent.tfrecord"),
        (["--runs", "0"], "--runs"),
    ],
)
def test_wrong_arguments_are_refused_with_the_reason(arguments, message):
    result = CliRunner().invoke(app, ["reproduce", *arguments])
    assert result.exit_code == 2
    assert message in flat(result.output)


@pytest.mark.parametrize(("figure", "message"), [("1", "choose from"), ("two", "give a number")])
def test_unknown_figures_are_refused(figure, message, shared_data, tmp_path):
    table = shared_data / "nasbench101_test_accuracy.npz"
    arguments = ["--table", str(table), "--figure", figure, "--output", str(tmp_path)]
    result = CliRunner().invoke(app, ["reproduce", *arguments])
    assert result.exit_code == 2
    assert message in flat(result.output)
