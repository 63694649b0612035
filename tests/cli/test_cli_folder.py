"""What can be done with the folder of a search: show it, go on with it, compare it with another."""

import json
import re

import pandas as pd
import pytest
from typer.testing import CliRunner

from skpbnas.cli import app

OPTIONS = ["--benchmark", "digits-cells", "--predictor", "random", "--n-candidates", 20]


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two searches with different seeds, of 12 and 8 evaluations."""
    paths = [tmp_path_factory.mktemp("searches") / name for name in ("first", "second")]
    for seed, (path, budget) in enumerate(zip(paths, (12, 8), strict=True)):
        assert run("search", *OPTIONS, "--seed", seed, "--budget", budget, "--output", path).exit_code == 0
    return paths


def test_show_prints_what_is_searched_and_the_best_so_far(folders):
    result = run("show", folders[0], "--best", 2)
    assert result.exit_code == 0, result.output
    assert "--column validation_accuracy --pool evolutionary" in result.output
    assert "12 of 12 evaluations, 0 failed" in result.output
    scores = [float(score) for score in re.findall(r"validation_accuracy (0\.\d+) \(eval", result.output)]
    best = pd.read_csv(folders[0] / "history.csv")["score"].nlargest(2)
    assert scores == pytest.approx(best.tolist(), abs=5e-5)


def test_results_have_the_architectures(folders):
    results = pd.read_csv(folders[0] / "results.csv")
    assert results["score"].is_monotonic_decreasing and len(results) == 12
    assert results["architecture"].str.contains("output").all()


def test_compare_prints_the_options_that_differ_and_the_best_scores(folders):
    result = run("compare", *folders)
    assert result.exit_code == 0, result.output
    lines = {line[:24].strip(): line.split() for line in result.output.splitlines()}
    assert lines["--seed"][-2:] == ["0", "1"]
    assert "--pool" not in result.output
    best = f"{pd.read_csv(folders[0] / 'history.csv')['score'].max():.4f}"
    assert lines["best of the first 12"][-2:] == [best, "-"]
    assert run("compare", folders[0]).exit_code == 2


def test_resume_goes_on_as_if_the_search_had_not_stopped(folders, tmp_path):
    result = run("resume", folders[1], "--budget", 12)
    assert result.exit_code == 0, result.output
    whole = run("search", *OPTIONS, "--seed", 1, "--budget", 12, "--output", tmp_path / "whole")
    assert whole.exit_code == 0
    scores = [
        pd.read_csv(path / "history.csv")["score"].tolist() for path in (folders[1], tmp_path / "whole")
    ]
    assert scores[0] == scores[1]
    assert json.loads((folders[1] / "search.json").read_text())["effort"]["budget"] == 12


def test_a_search_of_something_else_is_refused(folders):
    before = (folders[0] / "history.csv").read_bytes()
    other = ["--column", "half_test_accuracy", "--budget", 12, "--output", folders[0]]
    result = run("search", *OPTIONS, *other)
    assert result.exit_code == 2
    assert "--column was validation_accuracy and is now half_test_accuracy" in result.stderr
    assert f"skpbnas resume {folders[0]}" in result.stderr
    assert (folders[0] / "history.csv").read_bytes() == before


@pytest.mark.parametrize("command", ["show", "resume", "compare", "report"])
def test_folders_without_a_search_are_refused(command, folders, tmp_path):
    paths = [tmp_path, folders[0]] if command == "compare" else [tmp_path]
    result = run(command, *paths)
    assert result.exit_code == 2 and "there is no search.json" in result.stderr
    for content in ("", "[]", "{}", '{"task": {"pool": "x"}, "budget": 3}'):
        (tmp_path / "search.json").write_text(content)
        result = run(command, *paths)
        assert result.exit_code == 2 and "search.json is damaged" in result.stderr
    (tmp_path / "search.json").write_text((folders[0] / "search.json").read_text())
    if command != "resume":
        assert "has evaluated nothing" in run(command, *paths).stderr


def test_a_folder_of_the_first_version_is_read(folders, tmp_path):
    saved = json.loads((folders[0] / "search.json").read_text())
    names = ["benchmark", "table", "space", "train", "column", "pool", "n_candidates", "batch_size"]
    task = {name: saved["task"][name] for name in [*names, "predictor", "seed"]}
    (tmp_path / "search.json").write_text(json.dumps({"task": task, "budget": 16}))
    (tmp_path / "checkpoint.db").write_bytes((folders[0] / "checkpoint.db").read_bytes())
    assert "12 of 16 evaluations" in run("show", tmp_path).output


def test_report_compares_with_a_control(folders, tmp_path):
    result = run("report", folders[0], "--output", tmp_path / "page.html", "--control", folders[1])
    assert result.exit_code == 0, result.output
    page = (tmp_path / "page.html").read_text()
    assert '"control":{' in page and "--seed" in page
    assert (folders[0] / "report.html").exists()  # which the search itself has written


def test_completion_can_be_installed():
    assert "--install-completion" in run("--help").output
