"""Evaluations on a Dask cluster of processes on this machine, some of which are killed."""

import joblib
import numpy as np
import pytest
from objectives import SPACE, die, n_edges
from sklearn.linear_model import LinearRegression

from skpbnas import EvolutionaryCandidateSampler, PredictorBasedSearch

distributed = pytest.importorskip("distributed", reason="distributed is not installed (skpbnas[dask])")
dask = pytest.importorskip("dask")


def make() -> PredictorBasedSearch:
    pool = EvolutionaryCandidateSampler(n_candidates=40)
    return PredictorBasedSearch(SPACE, LinearRegression(), pool, random_state=0)


@pytest.fixture(scope="module")
def cluster():
    # Dask gives a task up when its worker dies; by default only the fourth time, which takes longer.
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as cluster,
    ):
        yield cluster


@pytest.fixture(scope="module")
def expected():
    return make().run(n_edges, 12).evaluated_rows_


@pytest.mark.slow
def test_a_worker_that_is_killed_in_the_middle_costs_nothing(cluster, tmp_path, expected):
    once = tmp_path / "died"

    def objective(cell):
        if not once.exists():
            once.touch()
            die()
        return n_edges(cell)

    with distributed.Client(cluster), joblib.parallel_config("dask"):
        with pytest.warns(UserWarning, match="is evaluated again"):
            search = make().run(objective, 12, n_jobs=-1)
        assert len(make().run(n_edges, 12, n_jobs=2, asynchronous=True).history_) == 12
    np.testing.assert_array_equal(search.evaluated_rows_, expected)
    assert search.history_["score"].notna().all()


@pytest.mark.slow
def test_workers_may_leave_and_others_join(cluster, expected):
    def change(search):
        if len(search.history_) == 4:
            client.retire_workers([next(iter(client.scheduler_info()["workers"]))])
            cluster.scale(3)

    with distributed.Client(cluster) as client:
        search = make().run(n_edges, 12, callbacks=[change], executor=client.get_executor())
        np.testing.assert_array_equal(search.evaluated_rows_, expected)
