"""The command line, run as a user runs it."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from skpbnas import NASBench101Space
from skpbnas.cli import app


def save_table(path, X):
    """Save NASBench-101 cells with stand-ins for their accuracies, in the form that --table reads."""
    features = X[:, 49:].reshape(-1, 7, 5)
    operations = np.where(features[:, :, 1:4].any(axis=2), features[:, :, 1:4].argmax(axis=2), -1)
    np.savez(
        path,
        adjacency=X[:, :49].reshape(-1, 7, 7),
        operations=operations.astype(np.int8),
        num_vertices=features.any(axis=2).sum(axis=1).astype(np.uint8),
        mean_test_accuracy=X[:, :49].sum(axis=1) / 10,
        parameters=X.sum(axis=1),
    )
    return path


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return save_table(tmp_path_factory.mktemp("table") / "all.npz", NASBench101Space().enumerate())


def flat(output):
    """Return an error message without its frame and line breaks."""
    return " ".join(output.replace("│", " ").split())


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_search_over_a_table_prints_the_best_cells_and_saves_everything(table, tmp_path):
    output = tmp_path / "out"
    options = ["--n-candidates", 50, "--budget", 12, "--report", "parameters", "--output", output]
    result = run("search", "--table", table, *options)
    assert result.exit_code == 0, result.output
    assert "12 architectures were evaluated" in result.output
    assert "[ input ]" in result.output
    assert "parameters" in result.output
    history = pd.read_csv(output / "history.csv")
    assert len(history) == 12
    assert f"{history['score'].max():.4f}" in result.output
    for picture in ("convergence.png", "best_cell.png"):
        assert (output / picture).read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_same_command_continues(table, tmp_path):
    options = ["--n-candidates", 50, "--predictor", "random", "--output", tmp_path / "out"]
    assert run("search", "--table", table, "--budget", 8, *options).exit_code == 0
    result = run("search", "--table", table, "--budget", 16, *options)
    assert "Continuing" in result.output
    assert len(pd.read_csv(tmp_path / "out" / "history.csv")) == 16
    other = run("search", "--table", table, "--budget", 16, "--seed", 1, *options)
    assert other.exit_code == 2
    assert "--seed was 0 and is now 1" in flat(other.output)
    for option, value in (("--pool", "uniform"), ("--batch-size", 5), ("--predictor", "default")):
        result = run("search", "--table", table, "--budget", 24, *options, option, value)
        assert result.exit_code == 2 and " and is now " in flat(result.output)
    assert len(pd.read_csv(tmp_path / "out" / "history.csv")) == 16


def test_a_table_that_lacks_proposed_cells_is_refused(tmp_path):
    path = save_table(tmp_path / "some.npz", NASBench101Space().enumerate()[:1000])
    result = run("search", "--table", path, "--budget", 4)
    assert result.exit_code == 2
    assert "is not among the 1000 architectures" in flat(result.output)


@pytest.mark.parametrize("pool", ["uniform", "ml", "evolutionary"])
def test_the_bundled_table_can_be_searched_with_every_pool(pool):
    options = ["--pool", pool, "--n-candidates", 20, "--budget", 8]
    result = run("search", "--benchmark", "digits-cells", *options)
    assert result.exit_code == 0, result.output
    assert "8 architectures were evaluated" in result.output


@pytest.mark.slow
def test_cells_can_be_trained_for_real():
    result = run("search", "--space", "nasbench101", "--train", "digits", "--budget", 1)
    assert result.exit_code == 0, result.output
    assert "1 architectures were evaluated" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say what to search"),
        (["--benchmark", "digits-cells", "--space", "nasbench101"], "give it without"),
        (["--space", "nasbench101"], "--space needs --objective"),
        (["--benchmark", "digits-cells", "--train", "digits"], "--train goes with --space"),
        (["--benchmark", "digits-cells", "--column", "accuracy"], "no column 'accuracy'; did you mean"),
        (["--benchmark", "digits-cells", "--report", "accuracy"], "or 'train_accuracy'"),
        (["--benchmark", "digits-cells", "--column", "zzz"], "this table has"),
        (["--space", "nasbench101", "--train", "digits", "--column", "accuracy"], "there is no table"),
        (["--space", "nasbench101", "--train", "digits", "--report", "accuracy"], "there is no table"),
        (["--table", "absent.npz"], "absent.npz: No such file or directory"),
        (["--table", __file__], "not a table of NASBench-101 cells"),
    ],
)
def test_wrong_arguments_are_refused_with_the_reason(arguments, message):
    result = run("search", *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1
    assert message in result.stderr
