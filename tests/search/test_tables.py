"""Batches of parameters: from all choices, refined where there are floats, and apart."""

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from skpbnas import GPRankPredictor, ParameterSpace, PredictorBasedSearch
from skpbnas.search import default_candidates, default_n_initial, default_predictor, propose
from skpbnas.search._tables import choose, filling

SPACE = ParameterSpace(
    {
        "rate": FloatDistribution(1e-4, 1, log=True),
        "layers": IntDistribution(1, 8),
        "kind": CategoricalDistribution("abcd"),
        "other": CategoricalDistribution([True, False]),
    }
)


def proposed(X, y, pending, n, rng):
    predictor = default_predictor(SPACE)
    candidates = default_candidates(SPACE).set_params(space=SPACE)
    return propose(SPACE, predictor, candidates, X, y, pending, n, rng)


def score(params):
    return -((np.log10(params["rate"]) + 2) ** 2) - (params["layers"] - 4) ** 2 / 10 + (params["kind"] == "c")


def test_the_first_trials_take_each_choice_equally_often(rng):
    none = np.empty((0, SPACE.n_features))
    first = proposed(none, np.empty(0), none, 3, rng).rows
    rest = proposed(none, np.empty(0), first, 5, rng).rows
    for name, times in (("kind", 2), ("other", 4)):
        values = [params[name] for params in SPACE.decode(np.concatenate([first, rest]))]
        assert all(abs(values.count(value) - times) <= 1 for value in set(values))
        assert len(set(values)) == 8 // times


def test_a_batch_keeps_apart_and_away_from_what_is_pending(rng):
    X = SPACE.sample(20, rng)
    y = np.array([score(params) for params in SPACE.decode(X)])
    none = np.empty((0, SPACE.n_features))
    batch = proposed(X, y, none, 3, rng)
    predictor = default_predictor(SPACE).set_params(n_nodes=1).fit(X, y)
    closest = batch.pool[np.argsort(-predictor.acquisition(batch.pool))[:3]]
    spread = np.linalg.norm(batch.rows - batch.rows.mean(axis=0), axis=1).sum()
    assert spread > 2 * np.linalg.norm(closest - closest.mean(axis=0), axis=1).sum()
    beside = proposed(X, y, batch.rows, 1, rng).rows
    assert np.linalg.norm(beside - batch.rows, axis=1).min() > 0.01


def test_refinement_finds_a_better_place_between_the_candidates(rng):
    X = SPACE.sample(20, rng)
    y = np.array([score(params) for params in SPACE.decode(X)])
    batch = proposed(X, y, X[:0], 1, rng)
    drawn = batch.pool[: default_candidates(SPACE).n_candidates]
    predictor = default_predictor(SPACE).set_params(n_nodes=1).fit(X, y)
    assert len(batch.pool) > len(drawn)
    assert predictor.acquisition(batch.rows)[0] > predictor.acquisition(drawn).max()


def test_a_search_finds_the_right_category_and_number():
    search = PredictorBasedSearch(SPACE, random_state=0)
    search.run(score, n_evaluations=28)
    assert search.best_architecture_["kind"] == "c" and search.best_score_ > 0.95


def test_candidates_come_from_everywhere_too(rng):
    space = ParameterSpace({f"x{k}": FloatDistribution(0, 1) for k in range(3)})
    X = 0.1 * space.sample(10, rng)  # one corner, and a pool around it
    predictor = GPRankPredictor(n_nodes=1, targets="values", exploration=2.0).fit(X, X.sum(axis=1))
    near = 0.1 * space.sample(20, rng)
    pool, batch = choose(space, predictor, near, X, X[:0], 2, rng)
    assert (pool.min(axis=1) > 0.5).sum() > 20
    assert pool[batch].sum(axis=1).min() > near.sum(axis=1).max()
    assert len(np.unique(space.canonical_key(pool))) == len(pool)


def test_branches_without_categories_of_their_own_are_not_preferred(rng):
    kinds = CategoricalDistribution(["plain", "deep"])
    domains = {"kind": kinds, **{f"c{k}": CategoricalDistribution("abc") for k in range(3)}}
    space = ParameterSpace(domains, when={f"c{k}": {"kind": "deep"} for k in range(3)})
    drawn = np.empty((0, space.n_features))
    for _ in range(8):
        pool = space.sample(32, rng)
        drawn = np.concatenate([drawn, pool[filling(space, pool, drawn, 1)]])
    assert 3 <= sum(params["kind"] == "deep" for params in space.decode(drawn)) <= 5


def test_the_first_trials_begin_in_the_middle_and_fill_the_ranges(rng):
    none = np.empty((0, SPACE.n_features))
    first = SPACE.decode(proposed(none, np.empty(0), none, 8, rng).rows)
    assert first[0]["rate"] == pytest.approx(0.01) and first[0]["layers"] in (4, 5)
    places = np.sort([(np.log10(params["rate"]) + 4) / 4 for params in first])
    assert (np.bincount((4 * places).astype(int).clip(0, 3), minlength=4) >= 1).all()
    assert default_n_initial(SPACE, False) == 5 and default_n_initial(SPACE, True) == 8


def test_steps_change_little_and_stay_valid(rng):
    space = ParameterSpace(
        {**SPACE.distributions(), "x": FloatDistribution(0, 1)}, when={"x": {"kind": ["a", "b"]}}
    )
    X = space.sample(500, rng)
    moved = space.step(X, 0.01, rng)
    before, after = space.codes(X), space.codes(moved)
    assert space.is_valid(moved).all()
    assert np.abs(moved[:, 0] - X[:, 0]).max() < 0.2 and (before[:, 0] != after[:, 0]).mean() > 0.3
    assert 0.05 < (before[:, 2] != after[:, 2]).mean() < 0.3  # categories move now and then


def test_when_nothing_is_left_to_gain_the_search_looks_elsewhere():
    def two_peaks(params):
        x = params["x"]
        return np.exp(-0.5 * ((x - 0.2) / 0.1) ** 2) + 1.2 * np.exp(-0.5 * ((x - 0.85) / 0.03) ** 2)

    space = ParameterSpace({"x": FloatDistribution(0, 1), "kind": CategoricalDistribution("ab")})
    found = [
        PredictorBasedSearch(space, random_state=seed, batch_size=1).run(two_peaks, n_evaluations=30)
        for seed in range(3)
    ]
    assert min(search.best_score_ for search in found) > 1.19
