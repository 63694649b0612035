"""Workers of several kinds: they die, they are slow, and the search goes on."""

import os
import sys
from concurrent.futures import wait

import joblib
import numpy as np
import pytest
from objectives import SPACE, TwoWords, die, key, n_edges
from sklearn.linear_model import LinearRegression

from skpbnas import CellSpace, EvolutionaryCandidateSampler, PredictorBasedSearch
from skpbnas._worker import Call
from skpbnas.search import _evaluate
from skpbnas.search._engines import Engine
from skpbnas.search._workers import died


def make(random_state=0, space=SPACE, **parameters) -> PredictorBasedSearch:
    pool = EvolutionaryCandidateSampler(n_candidates=40)
    return PredictorBasedSearch(space, LinearRegression(), pool, random_state=random_state, **parameters)


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    return make().run(n_edges, 20).evaluated_rows_


@pytest.mark.slow
def test_threads_are_workers_too(expected):
    with joblib.parallel_config("threading"):
        search = make().run(n_edges, 20, n_jobs=3)
    np.testing.assert_array_equal(search.evaluated_rows_, expected)


@pytest.mark.slow
def test_joblib_says_how_many():
    processes = []
    with joblib.parallel_config("threading", n_jobs=2):
        make().run(lambda cell: processes.append(os.getpid()) or n_edges(cell), 8, n_jobs=None)
    assert set(processes) == {os.getpid()}


@pytest.mark.slow
def test_the_sequential_backend_needs_no_workers(expected):
    with joblib.parallel_config("sequential"):
        search = make().run(n_edges, 20, n_jobs=2)
    np.testing.assert_array_equal(search.evaluated_rows_, expected)


@pytest.mark.slow
def test_unknown_backends_are_refused():
    with joblib.parallel_config("multiprocessing"), pytest.raises(ValueError, match="MultiprocessingBackend"):
        make().run(n_edges, 8, n_jobs=2)


@pytest.mark.slow
def test_a_new_process_does_not_import_what_its_objective_does_not():
    """PyTorch takes seconds, and a worker that died is replaced in the middle of a run."""
    with Engine(2).workers() as workers:
        workers.submit("deadly", die)  # so that the next process is a new one
        ((task, future),) = workers.finished()
        assert task == "deadly" and died(future)
        cell = SPACE.decode(SPACE.enumerate()[:1])[0]
        workers.submit("torch", Call(lambda cell: "torch" in sys.modules, cell, {}))
        ((_, future),) = workers.finished()
    assert future.result().scores == [0.0]


@pytest.mark.slow
def test_an_architecture_that_kills_its_worker_has_failed_and_the_others_have_not(expected):
    deadly = int(SPACE.canonical_key(expected)[2])  # one of the initial ones

    def objective(cell):
        return die() if key(cell) == deadly else n_edges(cell)

    with pytest.warns(UserWarning) as caught:
        search = make().run(objective, 8, n_jobs=2, asynchronous=True)
    messages = [str(warning.message) for warning in caught]
    assert any("is evaluated again" in message for message in messages)
    assert any("has failed: its worker died, twice" in message for message in messages)
    failed = search.history_["score"].isna()
    keys = SPACE.canonical_key(search.evaluated_rows_)
    assert len(failed) == 8 and keys[failed].tolist() == [deadly]


@pytest.mark.slow
def test_work_can_be_given_after_a_worker_died_unseen():
    with Engine(2).workers() as workers:
        workers.submit("deadly", die)
        wait(workers._under_way)
        workers.submit("harmless", int)
        have_died = {}
        while len(workers):
            have_died |= {task: died(future) for task, future in workers.finished()}
    assert have_died == {"deadly": True, "harmless": False}


@pytest.mark.slow
def test_workers_that_always_die_end_the_run_and_what_was_told_stays(expected, monkeypatch):
    monkeypatch.setattr(_evaluate, "_MAX_DEATHS", 2)
    search = make().run(n_edges, 4)
    with pytest.warns(UserWarning), pytest.raises(RuntimeError, match="in a row killed their worker"):
        search.run(lambda cell: die(), 20, n_jobs=2)
    np.testing.assert_array_equal(search.evaluated_rows_[:4], expected[:4])
    assert search.history_["score"].notna().sum() == 4


@pytest.mark.slow
def test_what_is_raised_in_a_worker_tells_where():
    def objective(cell):
        raise TwoWords("out of", "memory")

    with pytest.raises(RuntimeError, match="out of memory") as raised:
        make().run(objective, 4, n_jobs=2)
    assert "in objective" in str(raised.value)

    def other(cell):
        raise KeyError("weights")

    with pytest.raises(KeyError, match="weights") as raised:
        make().run(other, 4, n_jobs=2)
    assert "in other" in raised.value.__notes__[0]


@pytest.mark.slow
def test_asynchronous_runs_repeat_with_one_worker(tmp_path):
    one = make().run(n_edges, 16, asynchronous=True)
    np.testing.assert_array_equal(
        make().run(n_edges, 16, asynchronous=True).evaluated_rows_, one.evaluated_rows_
    )
    assert one.history_["iteration"].tolist() == [0] * 4 + list(range(1, 13))
    assert list(one.history_.columns) == list(make().run(n_edges, 4).history_.columns)
    path = tmp_path / "search.npz"
    make().run(n_edges, 9, asynchronous=True, checkpoint=path)
    resumed = make().run(n_edges, 16, asynchronous=True, checkpoint=path)
    np.testing.assert_array_equal(resumed.evaluated_rows_, one.evaluated_rows_)


@pytest.mark.slow
def test_asynchronous_runs_end_when_told_to_and_lose_nothing():
    seen = []

    def stop_at_ten(search):
        seen.append(len(search.history_))
        return seen[-1] >= 10

    with joblib.parallel_config("threading"):
        search = make().run(n_edges, 40, n_jobs=3, asynchronous=True, callbacks=[stop_at_ten])
    assert seen == list(range(1, seen[-1] + 1)) and 10 <= len(search.history_) <= 12


@pytest.mark.slow
def test_asynchronous_runs_raise_what_an_objective_raises_after_the_rest_is_told():
    def fragile(cell):
        if len(cell.operations) == 5 and cell.adjacency.sum() > 6:
            raise RuntimeError("out of memory")
        return n_edges(cell)

    search = make()
    with joblib.parallel_config("threading"), pytest.raises(RuntimeError, match="out of memory"):
        search.run(fragile, 200, n_jobs=2, asynchronous=True)
    n = len(search.history_)
    assert len(search.run(n_edges, n + 8).history_) == n + 8


@pytest.mark.slow
def test_an_exhausted_space_ends_an_asynchronous_run():
    space = CellSpace(3, ["a", "b"])
    with joblib.parallel_config("threading"), pytest.warns(UserWarning, match="is exhausted after 5 of 50"):
        search = make(space=space).run(n_edges, 50, n_jobs=2, asynchronous=True)
    assert len(search.history_) == 5
