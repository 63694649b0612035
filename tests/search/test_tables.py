"""Batches of parameters: from all choices, refined where there are floats, and apart."""

import numpy as np
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from skpbnas import GPRankPredictor, ParameterSpace, PredictorBasedSearch
from skpbnas.search import default_candidates, default_predictor, propose
from skpbnas.search._tables import balanced, choose

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
    closest = batch.pool[np.argsort(-batch.pool_scores)[:3]]
    spread = np.linalg.norm(batch.rows - batch.rows.mean(axis=0), axis=1).sum()
    assert spread > 2 * np.linalg.norm(closest - closest.mean(axis=0), axis=1).sum()
    beside = proposed(X, y, batch.rows, 1, rng).rows
    assert np.linalg.norm(beside - batch.rows, axis=1).min() > 0.01


def test_refinement_finds_a_better_place_between_the_candidates(rng):
    X = SPACE.sample(20, rng)
    y = np.array([score(params) for params in SPACE.decode(X)])
    batch = proposed(X, y, X[:0], 1, rng)
    drawn = batch.pool_scores[: default_candidates(SPACE).n_candidates]
    assert len(batch.pool) > len(drawn) and batch.predicted[0] > drawn.max()


def test_a_search_finds_the_right_category_and_number():
    search = PredictorBasedSearch(SPACE, random_state=0)
    search.run(score, n_evaluations=28)
    assert search.best_architecture_["kind"] == "c" and search.best_score_ > 0.95


def test_candidates_come_from_everywhere_too(rng):
    space = ParameterSpace({f"x{k}": FloatDistribution(0, 1) for k in range(3)})
    X = 0.1 * space.sample(10, rng)  # one corner, and a pool around it
    predictor = GPRankPredictor(n_nodes=1, targets="values", exploration=2.0).fit(X, X.sum(axis=1))
    near = 0.1 * space.sample(20, rng)
    pool, scores, batch = choose(space, predictor, near, X, X[:0], 2, rng)
    assert (pool.min(axis=1) > 0.5).sum() > 20 and len(scores) == len(pool)
    assert pool[batch].sum(axis=1).min() > near.sum(axis=1).max()
    assert len(np.unique(space.canonical_key(pool))) == len(pool)


def test_branches_without_categories_of_their_own_are_not_preferred(rng):
    kinds = CategoricalDistribution(["plain", "deep"])
    domains = {"kind": kinds, **{f"c{k}": CategoricalDistribution("abc") for k in range(3)}}
    space = ParameterSpace(domains, when={f"c{k}": {"kind": "deep"} for k in range(3)})
    drawn = np.empty((0, space.n_features))
    for _ in range(8):
        pool = space.sample(32, rng)
        drawn = np.concatenate([drawn, pool[balanced(space, pool, drawn, 1)]])
    assert 3 <= sum(params["kind"] == "deep" for params in space.decode(drawn)) <= 5
