"""Evaluations on a Dask cluster of processes on this machine, some of which are killed."""

import os
import signal

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from skpbnas import CellSpace, EvolutionaryCandidateSampler, PredictorBasedSearch

distributed = pytest.importorskip("distributed", reason="distributed is not installed (skpbnas[dask])")
dask = pytest.importorskip("dask")

SPACE = CellSpace(5, ["a", "b"])


def make() -> PredictorBasedSearch:
    pool = EvolutionaryCandidateSampler(n_candidates=40)
    return PredictorBasedSearch(SPACE, LinearRegression(), pool, random_state=0)


def n_edges(cell) -> float:
    return float(cell.adjacency.sum()) + 0.1 * cell.operations.count("a")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(scope="module")
def cluster():
    # After its second death a task is given up; the default, the fourth, takes longer.
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as cluster,
    ):
        yield cluster


@pytest.fixture(scope="module")
def expected():
    return make().run(n_edges, 12).evaluated_rows_


def test_a_worker_that_is_killed_in_the_middle_costs_nothing(cluster, tmp_path, expected):
    once = tmp_path / "died"

    def objective(cell):
        if not once.exists():
            once.touch()
            die()
        return n_edges(cell)

    with distributed.Client(cluster), joblib.parallel_config("dask"):
        search = make().run(objective, 12, n_jobs=-1)
    assert once.exists()
    np.testing.assert_array_equal(search.evaluated_rows_, expected)
    assert search.history_["score"].notna().all()


def test_an_architecture_that_kills_its_workers_has_failed_and_the_others_have_not(cluster, expected):
    deadly = SPACE.canonical_key(expected)[2]  # one of the initial ones

    def objective(cell):
        return die() if SPACE.canonical_key(SPACE.encode([cell]))[0] == deadly else n_edges(cell)

    with distributed.Client(cluster), joblib.parallel_config("dask"), pytest.warns(UserWarning) as caught:
        search = make().run(objective, 8, n_jobs=2, asynchronous=True)
    assert any("the worker died that evaluated Cell" in str(warning.message) for warning in caught)
    failed = search.history_["score"].isna()
    keys = SPACE.canonical_key(search.evaluated_rows_)
    assert len(failed) == 8 and keys[failed].tolist() == [deadly]


def test_what_is_raised_on_a_cluster_is_raised_here(cluster):
    def fails(cell):
        raise KeyError("weights")

    with (
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
        pytest.raises(KeyError, match="weights"),
    ):
        make().run(fails, 4, n_jobs=2)
