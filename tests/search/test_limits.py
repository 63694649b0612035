"""How long a search may take, and what objectives may do: write into their rows, return what is no number."""

import threading
import time
from functools import partial
from time import monotonic

import joblib
import numpy as np
import pytest
from objectives import SPACE, n_edges
from sklearn.linear_model import LinearRegression

from skpbnas import EvolutionaryCandidateSampler, PredictorBasedSearch
from skpbnas.search._workers import ProcessWorkers


def make(random_state=0, **parameters) -> PredictorBasedSearch:
    pool = EvolutionaryCandidateSampler(n_candidates=40)
    return PredictorBasedSearch(SPACE, LinearRegression(), pool, random_state=random_state, **parameters)


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    return make().run(n_edges, 12).evaluated_rows_


def test_a_timeout_needs_workers_that_can_be_ended():
    with (
        joblib.parallel_config("threading"),
        pytest.raises(ValueError, match="threads, which nothing can end"),
    ):
        make().run(n_edges, 8, n_jobs=2, timeout=1)
    with pytest.raises(ValueError, match="timeout=1 is not possible with a vectorized objective"):
        make().run(lambda rows: rows.sum(axis=1), 8, vectorized=True, timeout=1)


@pytest.mark.parametrize("wrong", [{"timeout": 0}, {"max_seconds": -1.0}, {"n_evaluations": 0}])
def test_limits_are_above_zero(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name}=.* is not allowed; give a number above 0"):
        make().run(n_edges, **({"n_evaluations": 4} | wrong))


def test_seconds_are_counted_over_all_runs_of_a_search(tmp_path):
    path = tmp_path / "search.db"

    def objective(cell):
        time.sleep(0.1)
        return n_edges(cell)

    search = make().run(objective, 100, max_seconds=0.5, checkpoint=path)
    n = len(search.history_)
    assert 1 <= n <= 5
    resumed = make().run(objective, 100, max_seconds=0.5, checkpoint=path)
    assert len(resumed.history_) == n
    assert len(make().run(objective, n + 2, checkpoint=path).history_) == n + 2


def test_what_is_under_way_when_time_is_up_is_evaluated_first_next_time(expected):
    def objective(cell):
        time.sleep(60)

    search = make().run(objective, 8, n_jobs=2, max_seconds=3)
    assert len(search.history_) == 0
    np.testing.assert_array_equal(search.run(n_edges, 12).evaluated_rows_, expected)


def test_objectives_get_copies(expected):
    def objective(rows):
        scores = [n_edges(cell) for cell in SPACE.decode(rows)]
        rows[:] = 0
        return scores

    search = make().run(objective, 12, vectorized=True)
    np.testing.assert_array_equal(search.evaluated_rows_, expected)
    assert n_edges(search.best_architecture_) == search.best_score_


@pytest.mark.parametrize("wrong", [np.complex128(1 + 1j), "0.5", b"0.5", 1j, [0.5, "0.5"], np.array([1j])])
def test_what_is_no_real_number_is_no_score(wrong):
    with pytest.raises(TypeError, match="must return one real number"):
        make().run(lambda cell: wrong, 4)
    with pytest.raises(TypeError, match="returns real numbers"):
        make().run(lambda rows: [wrong] * len(rows), 4, vectorized=True)
    search = make()
    with pytest.raises(ValueError, match="no real number"):
        search.tell(search.ask(1), [wrong])
    assert len(search.history_) == 0


@pytest.mark.parametrize("random_state", [np.random.RandomState(0), np.random.default_rng(0)])
def test_generators_give_a_seed(random_state):
    assert len(make(random_state).run(n_edges, 6).history_) == 6


def test_a_search_that_has_not_begun_has_no_results():
    for name in ("history_", "best_score_", "evaluated_rows_", "pareto_front_", "last_proposal_"):
        assert not hasattr(make(), name)


def test_an_evaluation_that_is_ended_before_it_has_begun_leaves_no_thread_and_no_file(monkeypatch):
    failures = []
    monkeypatch.setattr(threading, "excepthook", lambda failure: failures.append(failure.exc_value))
    before = set(threading.enumerate())
    with ProcessWorkers(1, {}) as workers:
        for task in range(3):
            workers.submit(task, partial(time.sleep, 60))
            assert workers.end(monotonic()) == [task]
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
    assert not failures and set(threading.enumerate()) <= before
