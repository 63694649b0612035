"""Searches of the user's own modules: objective, space, predictor, network, and a configuration."""

import json
import runpy
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from skpbnas import CellSpace
from skpbnas.cli import app
from skpbnas.cli._config import read_config
from skpbnas.cli._effort import EFFORT_OPTIONS
from skpbnas.cli._task import TASK_OPTIONS

MODULE = '''
"""The work of somebody who has never seen the library's code."""
import torch
from skpbnas import CellSpace, GPRankPredictor, UniformCandidateSampler
from skpbnas.search import OneByOne

space = CellSpace(4, ["conv", "pool"])
wide = CellSpace(5, ["conv", "pool"])
number = 3
pool = UniformCandidateSampler(n_candidates=20)


def make_space():
    return space


def objective(cell):
    """One tenth for each convolution."""
    return cell.operations.count("conv") / 10 + cell.adjacency.sum() / 100


def noisy(cell, seed):
    return objective(cell) + seed / 1000


def several(cell):
    return cell.operations.count("conv"), -float(cell.adjacency.sum())


def breaks(cell):
    return {}["missing"]


def takes_two(cell, data):
    return 0.0


edges = OneByOne(lambda cell: cell.adjacency.sum())


def build(cell):
    torch.manual_seed(0)
    return torch.nn.Linear(len(cell.operations), 2)


def build_with_example(cell):
    return build(cell), torch.zeros(3, len(cell.operations))


class Branches(torch.nn.Linear):
    def forward(self, x):
        return super().forward(x) if x.sum() > 0 else x


def build_what_cannot_be_exported(cell):
    return Branches(2, 2), torch.zeros(3, 2)


def build_number(cell):
    return 3
'''
OWN = ["--objective", "own_work:objective", "--space", "own_work:space", "--predictor", "random"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current directory, with a module of the user's."""
    (tmp_path / "own_work.py").write_text(MODULE)
    (tmp_path / "broken_work.py").write_text("value = undefined_name\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "own_work", raising=False)
    yield tmp_path
    sys.modules.pop("own_work", None)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_an_own_objective_is_searched_and_goes_on_from_elsewhere(here, monkeypatch):
    path = list(sys.path)
    result = run("search", *OWN, "--budget", 6, "--output", "out", "--seed", 3)
    assert result.exit_code == 0, result.output
    assert sys.path == path  # what was imported for the search is not left importable
    assert "6 architectures were evaluated" in result.output and "report.html" in result.output
    saved = json.loads((here / "out" / "search.json").read_text())
    assert saved["task"]["objective"] == "own_work:objective" and saved["effort"]["budget"] == 6
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    sys.modules.pop("own_work")
    result = run("resume", here / "out", "--budget", 9)
    assert result.exit_code == 0, result.output
    assert len(pd.read_csv(here / "out" / "history.csv")) == 9
    assert "9 of 9 evaluations" in run("show", here / "out").output
    assert run("report", here / "out", "--output", "page.html").exit_code == 0
    assert "own_work:objective" in (here / "elsewhere" / "page.html").read_text()


def test_a_configuration_gives_options_and_the_command_line_comes_first(here):
    (here / "search.toml").write_text(
        'objective = "own_work:noisy"\nspace = "own_work:make_space"\npool = "own_work:pool"\n'
        'predictor = "skpbnas:GPRankPredictor"\nbudget = 20\nn-initial = 3\nfinalists = 2\noutput = "out"\n'
    )
    result = run("search", "--config", "search.toml", "--budget", 8)
    assert result.exit_code == 0, result.output
    history = pd.read_csv(here / "out" / "history.csv")
    assert len(history) == 8 and (history["iteration"] == 0).sum() == 3
    assert history["repeat"].max() > 0 and "Recommended after repeats" in result.output
    saved = json.loads((here / "out" / "search.json").read_text())
    assert saved["effort"]["budget"] == 8 and saved["task"]["pool"] == "own_work:pool"
    assert run("resume", here / "out", "--budget", 10).exit_code == 0


def test_every_option_may_stand_in_a_configuration(here):
    names = [*TASK_OPTIONS, *EFFORT_OPTIONS]
    (here / "all.toml").write_text("".join(f"{name.replace('_', '-')} = 1\n" for name in names))
    assert list(read_config(here / "all.toml", names)) == names
    options = run("search", "--help").output
    assert all(f"--{name.replace('_', '-')[:12]}" in options for name in names)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--space", "absent_work:space"], "--space absent_work:space: there is no module 'absent_work'"),
        (["--objective", "own_work:objectiv"], "own_work has no 'objectiv'; did you mean 'objective'?"),
        (["--objective", "objective"], "--objective objective: give package.module:name"),
        (["--space", "own_work:number"], "an object of int is no search space"),
        (["--space", "own_work:takes_two"], "calling it raised TypeError"),
        (["--objective", "own_work:number"], "is no function of an architecture"),
        (["--objective", "own_work:Branches"], "the class Branches is no function"),
        (
            ["--objective", "own_work:takes_two"],
            "takes_two(cell, data) cannot be called with one architecture",
        ),
        (
            ["--objective", "broken_work:value"],
            "NameError: name 'undefined_name' is not defined (broken_work.py, line 1)",
        ),
        (["--objective", "own_work:breaks"], "stopped at KeyError: 'missing' (own_work.py, line"),
        (["--pool", "evolutionry"], "did you mean 'evolutionary'?"),
        (["--predictor", "own_work:number"], "must be an object implementing 'fit' and 'predict'"),
        (["--budget", 0], "--budget 0: give a whole number from 1"),
        (["--finalists", "some"], "--finalists some: give a whole number from 2, or auto"),
        (["--timeout", -1], "--timeout -1.0: give seconds"),
        (["--build", "own_work:build"], "give --output, too"),
        (["--build", "own_work:build", "--cost", "own_work:edges"], "no single best"),
        (["--train", "digits"], "--train or --objective, not both"),
        (["--benchmark", "digits-cells"], "--benchmark is a table of a space of its own"),
        (["--config", "absent.toml"], "absent.toml: No such file or directory"),
        (["--config", "own_work.py"], "own_work.py is not a TOML file"),
        (["--config", "wrong.toml"], "there is no option 'budgt'; did you mean 'budget'?"),
        (["--config", "type.toml"], "--budget many: give a whole number from 1"),
    ],
)
def test_mistakes_are_named_on_one_line(here, arguments, message):
    (here / "wrong.toml").write_text("budgt = 3\n")
    (here / "type.toml").write_text('budget = "many"\n')
    options = {OWN[k]: OWN[k + 1] for k in range(0, len(OWN), 2)}
    options |= {arguments[k]: arguments[k + 1] for k in range(0, len(arguments), 2)}
    result = run("search", *(word for option in options.items() for word in option))
    assert result.exit_code == 2, result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1 and message in lines[0] and "Traceback" not in result.output


def test_debug_shows_where_own_code_broke(here):
    result = CliRunner().invoke(app, ["--debug", "search", *OWN[2:], "--objective", "own_work:breaks"])
    assert "KeyError" in repr(result.exception.__cause__)


def test_several_objectives_end_in_a_front(here):
    options = ["--space", "own_work:wide", "--objective", "own_work:several", "--output", "out"]
    result = run("search", *options, "--budget", 10, "--build", "own_work:build")
    assert result.exit_code == 0, result.output
    assert "score_1" in result.output and "No network is written" in result.output
    assert "10 of 10 evaluations, 0 failed" in run("show", "out").output
    assert 'id="front"' in (here / "out" / "report.html").read_text()
    assert "several objectives" in run("compare", "out", "out").stderr


def test_a_search_that_failed_throughout_says_so(here):
    (here / "failing_work.py").write_text("def fails(cell):\n    return float('nan')\n")
    options = ["--space", "own_work:space", "--predictor", "random", "--output", "out", "--budget", 4]
    result = run("search", "--objective", "failing_work:fails", *options, "--build", "own_work:build")
    assert result.exit_code == 0, result.output
    assert "\nWarning: the evaluation of Cell(" in result.stderr and "UserWarning" not in result.stderr
    assert "every evaluation has failed" in result.output and "No network is written" in result.output
    assert "4 of 4 evaluations, 4 failed" in run("show", "out").output


def test_costs_are_minimised_beside_the_score(here):
    result = run("search", *OWN[:4], "--cost", "own_work:edges", "--budget", 9, "--output", "out")
    assert result.exit_code == 0, result.output
    assert "edges" in pd.read_csv(here / "out" / "results.csv").columns


def test_the_exported_network_needs_nothing_of_the_user(here):
    build = ["--build", "own_work:build_with_example", "--data", "none | at all"]
    result = run("search", *OWN, "--budget", 6, "--output", "out", *build)
    assert result.exit_code == 0, result.output
    sys.modules.pop("own_work")
    network = torch.export.load(here / "out" / "model.pt2").module()
    n_vertices = next(network.parameters()).shape[1]
    assert network(torch.zeros(7, n_vertices)).shape == (7, 2)  # any number of examples
    card = (here / "out" / "MODEL_CARD.md").read_text()
    best = pd.read_csv(here / "out" / "history.csv")["score"].max()
    for text in (
        f"{best:.6g}",
        "none \\| at all",
        "6 of 6, 0 failed",
        "| Seed | 0 |",
        "One tenth",
        torch.__version__,
    ):
        assert text in card


@pytest.mark.parametrize("build", ["build", "build_what_cannot_be_exported"])
def test_a_network_without_an_export_is_weights_and_a_file_that_builds_it(here, build):
    result = run("search", *OWN, "--budget", 5, "--output", "out", "--build", f"own_work:{build}")
    assert result.exit_code == 0, result.output
    assert ("cannot be exported" in result.output) == (build != "build")
    sys.modules.pop("own_work")
    sys.path.insert(0, str(here))
    try:
        network = runpy.run_path(str(here / "out" / "model.py"))["load"]()
    finally:
        sys.path.remove(str(here))
    weights = torch.load(here / "out" / "model_state.pt", weights_only=True)
    assert torch.equal(network.weight, weights["weight"]) and not network.training


def test_a_builder_that_fails_loses_nothing(here):
    options = [*OWN, "--budget", 5, "--output", "out"]
    result = run("search", *options, "--build", "own_work:build_number")
    assert result.exit_code == 2 and "returned a int" in result.stderr
    assert len(pd.read_csv(here / "out" / "history.csv")) == 5
    assert run("resume", "out", "--build", "own_work:build").exit_code == 0
    assert (here / "out" / "model.py").exists()


def test_a_table_of_an_own_space(here):
    space = CellSpace(4, ["conv", "pool"])
    rows = space.enumerate()
    np.savez("table.npz", rows=rows, accuracy=np.linspace(0, 1, len(rows)))
    options = ["--table", "table.npz", "--space", "own_work:space", "--budget", 6]
    result = run("search", *options)
    assert result.exit_code == 0, result.output
    assert f"The best of all {len(rows)} architectures has 1.0000" in result.output
    result = run("search", *options[:2], "--space", "own_work:wide", *options[4:])
    assert result.exit_code == 2 and "not a table of this space" in result.stderr


def test_time_that_is_over_is_said(here):
    (here / "slow_work.py").write_text("import time\ndef slow(cell):\n    time.sleep(0.2)\n    return 1.0\n")
    options = ["--space", "own_work:wide", "--predictor", "random", "--output", "out"]
    result = run("search", "--objective", "slow_work:slow", *options, "--max-seconds", 0.5, "--budget", 50)
    assert result.exit_code == 0 and "of 50 evaluations" in result.output, result.output
    assert len(pd.read_csv(here / "out" / "history.csv")) < 50
