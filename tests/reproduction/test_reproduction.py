"""The reproduction on a small table: runs that continue, numbers that add up, figures and verdicts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skpbnas.datasets import TabularBenchmark, load_digits_cells
from skpbnas.metrics import sample_efficiency_gain
from skpbnas.reproduction import _predictors, _reproduce, reproduce
from skpbnas.reproduction._claims import FAILED, HELD, OPEN, verdict
from skpbnas.reproduction._experiments import FIGURES, METHODS, Method, evolutionary, uniform
from skpbnas.reproduction._measures import (
    batch_gains,
    convergence,
    everything_found,
    nothing_found,
    pooled_gains,
    proposed,
)
from skpbnas.reproduction._predictors import compare, load_comparisons, missing
from skpbnas.reproduction._results import Results
from skpbnas.reproduction._run import TARGETS, count, execute, load_record, record_path
from skpbnas.reproduction._runner import jobs
from skpbnas.reproduction._statistics import Estimate, estimate, paired_p
from skpbnas.reproduction._task import Task


@pytest.fixture(scope="module")
def task():
    """Return a small table, whose errors are moved to where those of NASBench-101 lie."""
    digits = load_digits_cells()
    columns = {
        name: 0.95 - 0.5 * (digits.columns[name].max() - digits.columns[name])
        for name in ("validation_accuracy", "test_accuracy")
    }
    return Task.of(TabularBenchmark(digits.space, digits.X, columns), "digits cells")


def short(key, n_iterations=6):
    return replace(METHODS[key], n_iterations=n_iterations)


@pytest.fixture(scope="module")
def record(task, tmp_path_factory):
    output, method = tmp_path_factory.mktemp("runs"), short("evolutionary-100")
    execute(task, method, 0, output)
    return load_record(record_path(output, method, 0), task, method, 0)


# ------------------------------------------------------------------------------------------------ runs


def test_a_run_that_was_stopped_ends_like_one_that_was_not(task, record, tmp_path):
    for n_iterations in (2, 6):
        method = short("evolutionary-100", n_iterations)
        execute(task, method, 0, tmp_path)
    continued = load_record(record_path(tmp_path, method, 0), task, method, 0)
    for name in ("indices", "sizes", "pool_counts", "pool_sizes"):
        assert np.array_equal(getattr(continued, name), getattr(record, name))


def test_a_finished_run_is_not_made_again(task, tmp_path):
    method = short("random", 2)
    execute(task, method, 0, tmp_path)
    before = record_path(tmp_path, method, 0).stat().st_mtime_ns
    execute(task, method, 0, tmp_path)
    assert record_path(tmp_path, method, 0).stat().st_mtime_ns == before


def test_a_record_holds_each_architecture_once_and_the_pool_it_came_from(record):
    assert len(np.unique(record.indices)) == len(record.indices) == 4 + 6 * 4
    assert record.pool_sizes.tolist() == [100] * 6
    assert (np.diff(record.pool_counts, axis=1) >= 0).all()


def test_methods_with_the_same_number_start_alike(task, record, tmp_path):
    method = short("uniform-100", 1)
    execute(task, method, 0, tmp_path)
    other = load_record(record_path(tmp_path, method, 0), task, method, 0)
    assert np.array_equal(other.indices[:4], record.indices[:4])


def test_what_is_left_of_the_whole_space_is_counted_without_looking_it_up(task, tmp_path):
    method = short("uniform-all", 2)
    execute(task, method, 0, tmp_path)
    whole = load_record(record_path(tmp_path, method, 0), task, method, 0)
    assert whole.pool_sizes.tolist() == [len(task.table) - 4, len(task.table) - 8]
    left = np.delete(task.errors, whole.indices[:8])
    assert np.array_equal(whole.pool_counts[1], count(left))


def test_a_run_of_another_setting_is_refused(task, record, tmp_path):
    method = short("random", 1)
    execute(task, method, 0, tmp_path)
    other = replace(method, candidates=uniform(50))
    with pytest.raises(ValueError, match="another setting"):
        load_record(record_path(tmp_path, method, 0), task, other, 0)
    record_path(tmp_path, method, 0).write_bytes(b"PK")
    with pytest.raises(ValueError, match="cannot be read"):
        load_record(record_path(tmp_path, method, 0), task, method, 0)


def test_every_method_makes_its_first_run_before_any_makes_its_second(task, tmp_path):
    methods = {key: replace(METHODS[key], n_iterations=1) for key in ("random", "uniform-100", "uniform-all")}
    methods["uniform-all"] = replace(methods["uniform-all"], share=0.5)
    done = jobs(task, methods, 4, tmp_path)
    assert [job.round for job in done] == [0, 0, 0, 1, 1, 2, 2, 2, 3, 3]  # one of them: half of the runs
    done[0].work()
    assert len(jobs(task, methods, 4, tmp_path)) == len(done) - 1


@pytest.mark.slow
def test_predictors_are_compared_once_on_every_training_set_there_is(task, tmp_path, monkeypatch):
    monkeypatch.setattr(_predictors, "paper_predictor", _predictors.fast_predictor)  # the real one is slow
    methods = {"evolutionary-1000": replace(short("evolutionary-1000", 30), candidates=evolutionary(100))}
    compare(task, methods, 0, tmp_path)
    assert not len(load_comparisons(tmp_path))  # the search has not come that far
    execute(task, methods["evolutionary-1000"], 0, tmp_path)
    for _ in range(2):
        compare(task, methods, 0, tmp_path)
    table = load_comparisons(tmp_path)
    assert table["predictor"].tolist() == ["fast", "paper"]
    assert (table["kendall_tau"] > 0).all()
    assert (table["error_of_top_20"] < task.errors.mean()).all()
    assert not missing(methods, 0, tmp_path)


# --------------------------------------------------------------------------------------------- numbers


def test_the_gain_of_a_run_is_that_of_its_proposals(task, record):
    gains = pooled_gains(task, record)
    expected = sample_efficiency_gain(task.errors, task.errors[proposed(record)], TARGETS)
    assert np.allclose(gains.total, expected)
    assert np.allclose(gains.pool + gains.predictor, gains.total)


def test_the_gain_of_one_iteration_is_that_of_its_batch(task, record):
    one = record.first(1)
    expected = sample_efficiency_gain(task.errors, task.errors[one.indices[4:]], TARGETS)
    assert np.allclose(batch_gains(task, one).total, expected)


def test_no_set_gains_more_than_the_best_one_or_less_than_an_empty_handed_one(task, record):
    total = pooled_gains(task, record).total
    assert (total <= everything_found(task, 24) + 1e-9).all()
    assert (total >= nothing_found(task, 24) - 1e-9).all()
    best = np.sort(task.errors)[:24]
    assert np.allclose(everything_found(task, 24), sample_efficiency_gain(task.errors, best, TARGETS))


def test_the_reported_error_is_that_of_the_best_architecture_seen(task, record):
    curves = convergence(task, record)
    assert (np.diff(curves.search) <= 0).all()
    best = record.indices[task.errors[record.indices].argmin()]
    assert curves.report[-1] == task.reported[best]


def test_an_interval_covers_the_mean_as_often_as_it_says(rng):
    covered = [e.low < 1 < e.high for e in (estimate(rng.normal(1, 2, 6)) for _ in range(1000))]
    assert 0.93 < np.mean(covered) < 0.97
    assert np.isnan(estimate([1.0]).low)


def test_pairs_that_differ_by_a_constant_are_told_apart(rng):
    x = rng.normal(size=5)
    assert paired_p(x, x) == 1
    assert paired_p(x, x + 1 + 1e-3 * rng.normal(size=5)) < 1e-4
    assert np.isnan(paired_p([1], [2]))


def test_verdicts_follow_the_interval():
    assert verdict(Estimate(2, 1, 3, 5), above=0) == HELD
    assert verdict(Estimate(-2, -3, -1, 5), above=0) == FAILED
    assert verdict(Estimate(1, -1, 3, 5), above=0) == OPEN
    assert verdict(Estimate(2, np.nan, np.nan, 1), above=0).startswith(OPEN)
    assert verdict(Estimate(0, -0.5, 0.5, 5), above=-1, below=1) == HELD


# ------------------------------------------------------------------------------------------ everything


@pytest.fixture
def tiny(monkeypatch):
    """Make every method two iterations long, and cheap."""
    for key, method in list(METHODS.items()):
        predictor = "random" if key.startswith("paper-") else method.predictor
        candidates = clone(method.candidates) if method.candidates else None
        if hasattr(candidates, "n_candidates"):
            candidates.set_params(n_candidates=20)
        changed: Method = replace(method, n_iterations=2, predictor=predictor, candidates=candidates)
        monkeypatch.setitem(METHODS, key, changed)


@pytest.mark.slow
def test_everything_is_drawn_and_written_from_one_call(task, tiny, tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need skpbnas[plot]")
    report = reproduce(task.table, tmp_path, runs=2, quick=True, progress=False)
    page = report.read_text()
    for figure in FIGURES:
        assert (tmp_path / f"figure_{figure:02d}.png").read_bytes().startswith(b"\x89PNG")
        assert len(pd.read_csv(tmp_path / f"figure_{figure:02d}.csv"))
        assert f"figure_{figure:02d}.png" in page
    claims = pd.read_csv(tmp_path / "claims.csv")
    assert set(claims["claim"]) >= set(range(1, 9))
    assert "QUICK VERSION" in page
    assert len(pd.read_csv(tmp_path / "runs.csv")) == 2 * 19 + 3  # the paper's training has a single run


def test_a_figure_makes_only_the_runs_that_it_needs(task, tiny, tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need skpbnas[plot]")
    reproduce(task.table, tmp_path, figures=[8], runs=1, progress=False)
    made = {path.stem.removesuffix("-run00") for path in (tmp_path / "runs").iterdir()}
    assert made == set(FIGURES[8])
    assert [path.name for path in tmp_path.glob("*.png")] == ["figure_08.png"]


def test_a_report_without_runs_says_so(task, tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need skpbnas[plot]")
    report = reproduce(task.table, tmp_path, report_only=True)
    assert "Finished runs: none" in report.read_text()


def test_wrong_arguments_are_refused_with_the_reason(task, tmp_path):
    with pytest.raises(ValueError, match="choose from"):
        reproduce(task.table, tmp_path, figures=[1])
    with pytest.raises(ValueError, match="runs=0"):
        reproduce(task.table, tmp_path, runs=0)
    bare = TabularBenchmark(task.table.space, task.table.X, {"accuracy": 1 - task.errors})
    with pytest.raises(ValueError, match="one to search on"):
        reproduce(bare, tmp_path)


def test_results_are_of_finished_runs_only(task, tmp_path):
    method = short("random", 2)
    execute(task, method, 0, tmp_path)
    longer = {"random": short("random", 3)}
    assert Results.load(task, longer, 2, tmp_path).n_runs("random") == 0
    assert Results.load(task, {"random": method}, 2, tmp_path).n_runs("random") == 1


def test_the_quick_version_is_part_of_the_whole():
    for method in METHODS.values():
        assert method.quick().n_evaluations <= method.n_evaluations
    assert _reproduce.QUICK_RUNS < 20
