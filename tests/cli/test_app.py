"""What all commands share: the version, and what they do when something is wrong."""

import pytest
from typer.testing import CliRunner

import skpbnas
from skpbnas.cli import app

ABSENT = ["search", "--table", "absent.npz"]


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_the_version():
    result = run("--version")
    assert (result.exit_code, result.output) == (0, f"skpbnas {skpbnas.__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [ABSENT, ["reproduce", "--table", "absent.npz"], ["nasbench101", "convert", "absent.npz"]],
    ids=lambda arguments: arguments[0],
)
def test_every_command_reports_a_mistake_on_one_line_with_exit_code_2(arguments):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1
    assert result.stderr.endswith("absent.npz: No such file or directory\n")


def test_an_unknown_option_has_the_same_exit_code():
    assert run("search", "--bugdet", "4").exit_code == 2


def test_debug_shows_where_a_mistake_was_found():
    assert isinstance(run("--debug", *ABSENT).exception, FileNotFoundError)


def test_an_error_of_the_program_is_not_taken_for_a_mistake(monkeypatch):
    monkeypatch.setattr("skpbnas.cli._task.Task.load", lambda task: 1 / 0)
    result = run("search", "--benchmark", "digits-cells")
    assert result.exit_code == 1
    assert isinstance(result.exception, ZeroDivisionError)
