"""The recipe of docs/many_machines.rst: Ray Tune runs the trials, this sampler chooses them."""

import os
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from skpbnas import CellSpace, PBNASSampler

ray = pytest.importorskip("ray", reason="Ray is not installed (skpbnas[ray])")
tune = pytest.importorskip("ray.tune", reason="Ray Tune is not installed (skpbnas[ray])")
OptunaSearch = pytest.importorskip("ray.tune.search.optuna").OptunaSearch

SPACE = CellSpace(5, ["conv", "pool"])
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module", autouse=True)
def cluster():
    with pytest.MonkeyPatch.context() as patch:
        here = str(Path(__file__).parent)  # the workers import this file
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")])))
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("RAY_AIR_NEW_OUTPUT", "0")
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        yield
        ray.shutdown()


def tuner(train, search, folder, n_trials=8, scheduler=None, **options):
    return tune.Tuner(
        train,
        tune_config=tune.TuneConfig(
            search_alg=search,
            num_samples=n_trials,
            max_concurrent_trials=2,
            scheduler=scheduler,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(name="cells", storage_path=str(folder), verbose=0, **options),
    )


def searcher(metric="accuracy", mode="max", **options):
    return OptunaSearch(SPACE.distributions(), metric, mode, sampler=PBNASSampler(SPACE, seed=0), **options)


def decode(config):
    return SPACE.decode(SPACE.params_to_row(config)[None])[0]


def trials_of(search) -> list[optuna.trial.FrozenTrial]:
    return search._ot_study.trials


def keys(trials) -> np.ndarray:
    return SPACE.canonical_key(np.stack([SPACE.params_to_row(trial.params) for trial in trials]))


def train(config):
    cell = decode(config)
    tune.report({"accuracy": cell.operations.count("conv") - 0.1 * float(cell.adjacency.sum())})


def test_trials_are_distinct_and_what_fails_is_tried_again_by_tune_alone(tmp_path):
    def fragile(config):
        first = not (tmp_path / "failed").exists()
        (tmp_path / "failed").touch()
        if first:
            raise RuntimeError("out of memory")
        if len(decode(config).operations) == 3:
            raise RuntimeError("too small")
        train(config)

    search = searcher()
    options = {"failure_config": tune.FailureConfig(max_failures=1)}
    results = tuner(fragile, search, tmp_path / "runs", n_trials=10, **options).fit()
    trials = trials_of(search)
    assert len(results) == len(trials) == 10
    assert len(set(keys(trials))) == 10  # valid, too, as only valid rows have keys of their own
    assert SPACE.is_valid(np.stack([SPACE.params_to_row(trial.params) for trial in trials])).all()
    failed = [trial for trial in trials if trial.state == TrialState.FAIL]
    assert len(failed) == results.num_errors
    assert all(len(decode(trial.params).operations) == 3 for trial in failed)


class Interrupt(tune.Callback):
    """Ends the driver once, after some trials, as a lost machine does."""

    def __init__(self, after: int, flag: Path) -> None:
        self.after = after
        self.flag = flag

    def on_step_end(self, iteration, trials, **info):
        if sum(trial.status == "TERMINATED" for trial in trials) >= self.after and not self.flag.exists():
            self.flag.touch()
            raise RuntimeError("the machine is lost")


def test_an_experiment_that_was_interrupted_goes_on_where_it_was(tmp_path):
    interrupt = Interrupt(3, tmp_path / "interrupted")
    with pytest.raises(Exception, match="the machine is lost"):
        tuner(train, searcher(), tmp_path, n_trials=6, callbacks=[interrupt]).fit()
    restored = tune.Tuner.restore(str(tmp_path / "cells"), trainable=train, resume_errored=True)
    results = restored.fit()
    rows = np.stack([SPACE.params_to_row(result.config) for result in results])
    assert len(rows) == len(set(SPACE.canonical_key(rows))) == 6
    assert results.num_errors == 0


def test_several_objectives(tmp_path):
    def both(config):
        cell = decode(config)
        tune.report({"accuracy": cell.operations.count("conv"), "edges": int(cell.adjacency.sum())})

    search = searcher(["accuracy", "edges"], ["max", "min"])
    tuner(both, search, tmp_path, n_trials=6).fit()
    assert len(set(keys(trials_of(search)))) == 6
    assert all(len(trial.values) == 2 for trial in search._ot_study.best_trials)


def test_what_asha_stops_counts_with_the_last_value_that_it_reported(tmp_path):
    def in_epochs(config):
        cell = decode(config)
        for epoch in range(1, 5):
            tune.report({"accuracy": epoch * (1 + cell.operations.count("conv"))})

    search = searcher()
    scheduler = tune.schedulers.ASHAScheduler(
        metric="accuracy", mode="max", max_t=4, grace_period=1, reduction_factor=2
    )
    results = tuner(in_epochs, search, tmp_path, n_trials=8, scheduler=scheduler).fit()
    lengths = [result.metrics["training_iteration"] for result in results]
    assert min(lengths) < 4 == max(lengths)
    trials = trials_of(search)
    assert {trial.state for trial in trials} == {
        TrialState.COMPLETE
    }  # Optuna is not told that it was stopped
    reported = sorted(result.metrics["accuracy"] for result in results)
    assert sorted(trial.value for trial in trials) == reported
