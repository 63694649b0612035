"""What every executor promises to a search; each engine that is installed is held to it."""

import concurrent.futures
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engines import BREAKS, ENGINES, LASTS, Engine
from joblib.externals import loky
from objectives import SPACE, die, key, n_edges
from sklearn.linear_model import LinearRegression

from skpbnas import EvolutionaryCandidateSampler, PredictorBasedSearch
from skpbnas.search import RayExecutor, read_checkpoint

N = 10


@pytest.fixture(scope="module", params=ENGINES, ids=lambda engine: engine.__name__)
def start(request, tmp_path_factory) -> Iterator[Any]:
    """Start an engine; its workers find the objectives of this folder."""
    path = os.pathsep.join(filter(None, [str(Path(__file__).parent), os.environ.get("PYTHONPATH")]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        yield lambda: request.param(tmp_path_factory.mktemp("jobs"))


@pytest.fixture(scope="module")
def engine(start) -> Iterator[Engine]:
    with start() as engine:
        yield engine


def make(**parameters) -> PredictorBasedSearch:
    pool = EvolutionaryCandidateSampler(n_candidates=40)
    return PredictorBasedSearch(SPACE, LinearRegression(), pool, random_state=0, **parameters)


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    return make().run(n_edges, N).evaluated_rows_


def keys(search) -> list[int]:
    return SPACE.canonical_key(search.evaluated_rows_).tolist()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_search_and_a_checkpoint_continues_it(engine, expected, tmp_path):
    path = tmp_path / "search.db"
    make().run(n_edges, 4, checkpoint=path, **engine.options)
    search = make().run(n_edges, N, checkpoint=path, **engine.options)
    np.testing.assert_array_equal(search.evaluated_rows_, expected)
    assert (search.history_["evaluation_seconds"] >= 0).all()


@pytest.mark.slow
def test_two_at_a_time_and_nobody_waits_for_the_slowest(engine, tmp_path):
    """While the first architecture is evaluated, all others are."""
    first = int(SPACE.canonical_key(make().ask())[0])

    def objective(cell):
        if key(cell) != first:
            (tmp_path / str(key(cell))).touch()
            return n_edges(cell)
        give_up = time.monotonic() + 60
        while len(list(tmp_path.iterdir())) < 5:
            if time.monotonic() > give_up:
                return -1.0
            time.sleep(0.02)
        return n_edges(cell)

    search = make().run(objective, 6, asynchronous=True, **engine.options)
    assert len(set(keys(search))) == 6
    assert search.history_["score"].min() >= 0


@pytest.mark.slow
def test_what_finished_beside_a_failure_is_told_first(engine, expected, tmp_path):
    def objective(cell):
        if key(cell) == bad:
            raise KeyError("weights")
        if key(cell) == worse:
            return sys.exit("no GPU")
        return n_edges(cell)

    bad, worse = SPACE.canonical_key(expected)[:2].tolist()
    path, search = tmp_path / "search.db", make()
    with pytest.raises(KeyError, match="weights") as raised, pytest.warns(UserWarning, match="exited"):
        search.run(objective, N, checkpoint=path, name="edges", **engine.options)
    assert "in objective" in raised.value.__notes__[0]
    assert bad not in keys(search) and worse in keys(search)
    assert len(read_checkpoint(path, SPACE).rows) == len(search.history_) >= 1
    resumed = make().run(n_edges, N, checkpoint=path, name="edges", **engine.options)
    assert set(keys(resumed)) >= set(SPACE.canonical_key(expected)[:4].tolist())
    assert resumed.history_["score"].isna().sum() == 1


@pytest.mark.slow
def test_the_seed_of_a_repeat_reaches_the_objective(engine):
    def objective(cell, seed):
        return n_edges(cell) + seed % 2

    search = make().run(objective, 8, n_finalists=2, n_repeats=2, **engine.options)
    assert search.history_["repeat"].max() >= 1


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(engine, start, expected, tmp_path):
    if engine.death not in (BREAKS, LASTS):
        pytest.skip(engine.death)

    def objective(cell):
        if not (tmp_path / "died").exists():
            (tmp_path / "died").touch()
            die()
        return n_edges(cell)

    def run(engine):
        return make().run(objective, N, checkpoint=tmp_path / "search.db", **engine.options)

    with pytest.warns(UserWarning, match="is evaluated again"):
        if engine.death == LASTS:
            search = run(engine)
        else:
            with start() as broken:
                with pytest.raises(RuntimeError, match="Run again with a new executor"):
                    run(broken)
                with pytest.raises(ValueError, match="is broken, as one of its workers died"):
                    run(broken)
            search = run(engine)
    np.testing.assert_array_equal(search.evaluated_rows_, expected)
    assert search.history_["score"].notna().all()


@pytest.mark.slow
def test_what_takes_too_long_is_ended_or_the_limit_refused(engine, expected):
    slow = int(SPACE.canonical_key(expected)[2])

    def objective(cell):
        time.sleep(120 if key(cell) == slow else 0)
        return n_edges(cell)

    if not engine.can_end:
        with pytest.raises(ValueError, match=r"timeout=6 is not possible with .*, w"):
            make().run(objective, 8, timeout=6, **engine.options)
        return
    with pytest.warns(UserWarning, match="it took longer than timeout=6 seconds"):
        search = make().run(objective, 8, timeout=6, **engine.options)
    failed = search.history_["score"].isna()
    assert SPACE.canonical_key(search.evaluated_rows_[failed]).tolist() == [slow]


class Swallows(concurrent.futures.Executor):
    """Hands out None where a call raises, and cannot make one that has an objective."""

    def submit(self, fn, /, *args, **kwargs):
        future: concurrent.futures.Future = concurrent.futures.Future()
        future.set_result(None)
        return future


@pytest.mark.slow
def test_an_executor_that_swallows_exceptions_is_found_out_at_the_first_result():
    search = make()
    with pytest.raises(RuntimeError, match="returned None for an evaluation.*swallow exceptions"):
        search.run(n_edges, N, executor=Swallows(), n_jobs=2)
    assert len(search.history_) == 0
    np.testing.assert_array_equal(
        search.run(n_edges, 4).evaluated_rows_, make().run(n_edges, 4).evaluated_rows_
    )


@pytest.mark.slow
def test_executors_that_cannot_work_are_refused_before_anything_is_proposed():
    for kind in (concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor):
        with kind(1) as executor:
            pass
        search = make()
        with pytest.raises(ValueError, match=f"{kind.__name__} that was shut down"):
            search.run(n_edges, 4, executor=executor)
        assert len(search._state.archive) == 0
    with loky.ProcessPoolExecutor(1) as executor:
        pass
    with pytest.raises(ValueError, match="that was shut down"):
        make().run(n_edges, 4, executor=executor)
    with pytest.raises(ValueError, match="n_jobs=0 is not allowed"):
        make().run(n_edges, 4, n_jobs=0)
    with pytest.raises(TypeError, match="executor=5 is no executor"):
        make().run(n_edges, 4, executor=5)
    with pytest.raises(ValueError, match="Swallows does not say how many workers it has; pass n_jobs="):
        make().run(n_edges, 4, executor=Swallows())
    with (
        concurrent.futures.ThreadPoolExecutor(1) as executor,
        pytest.raises(ValueError, match="a vectorized objective runs in this process"),
    ):
        make().run(lambda rows: rows.sum(axis=1), 4, vectorized=True, executor=executor)


@pytest.mark.slow
def test_all_workers_of_an_executor_work_by_default(expected):
    barrier = threading.Barrier(3, timeout=30)
    with concurrent.futures.ThreadPoolExecutor(3) as executor:
        make().run(lambda cell: barrier.wait() * 0.0, 3, n_jobs=None, executor=executor)
        assert executor.submit(int).result() == 0  # it stays open


@pytest.mark.slow
def test_an_objective_that_cannot_be_sent_is_an_error_and_not_a_lost_search():
    lock = threading.Lock()
    search = make()
    with (
        concurrent.futures.ProcessPoolExecutor(2) as executor,
        pytest.raises(TypeError, match="cannot pickle"),
    ):
        search.run(lambda cell: float(lock.locked()), 8, executor=executor)
    assert len(search.run(n_edges, 4).history_) == 4


@pytest.mark.slow
def test_a_node_of_ray_may_leave_in_the_middle(expected, monkeypatch, tmp_path):
    ray = pytest.importorskip("ray", reason="Ray is not installed (skpbnas[ray])")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    )
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    node = cluster.add_node(num_cpus=1)
    try:
        ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")
        cluster.wait_for_nodes()

        def objective(cell):
            (tmp_path / str(key(cell))).touch()
            time.sleep(2)
            return n_edges(cell)

        def lose_the_node():
            while len(list(tmp_path.iterdir())) < 2:  # one on each
                time.sleep(0.1)
            cluster.remove_node(node, allow_graceful=False)

        killer = threading.Thread(target=lose_the_node)
        killer.start()
        with pytest.warns(UserWarning, match="is evaluated again"):
            search = make().run(objective, 4, executor=RayExecutor())
        killer.join()
    finally:
        ray.shutdown()
        cluster.shutdown()
    np.testing.assert_array_equal(search.evaluated_rows_, expected[:4])
    assert search.history_["score"].notna().all()
