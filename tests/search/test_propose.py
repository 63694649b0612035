"""A batch is what the predictors say, for one objective and for several."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from skpbnas import CellSpace, ExhaustiveCandidateSampler, MaximumLikelihoodCandidateSampler
from skpbnas.metrics import hypervolume
from skpbnas.predictors import GCNRankPredictor, GPRankPredictor
from skpbnas.predictors._normal_scores import NormalScores
from skpbnas.search import default_predictor, propose
from skpbnas.search._costs import Costs
from skpbnas.search._several import worst_that_counts
from skpbnas.spaces import ChainSpace, ConstrainedSpace

SPACE = CellSpace(4, ["a", "b"])


def known(rng, n=12):
    X = SPACE.enumerate()[rng.permutation(len(SPACE))[:n]]
    edges = X[:, :16].sum(axis=1)
    return X, np.stack([edges, -edges - X[:, 16:].argmax(axis=1)], axis=1).astype(float)


def test_one_objective_takes_the_highest_predictions(rng):
    X, Y = known(rng)
    batch = propose(SPACE, LinearRegression(), ExhaustiveCandidateSampler(SPACE), X, Y[:, 0], X[:0], 5, rng)
    assert batch.pool_scores.shape == (len(SPACE) - len(X),)
    np.testing.assert_array_equal(batch.predicted, np.sort(batch.pool_scores)[::-1][:5])


@pytest.mark.parametrize("n_objectives", [1, 2])
def test_no_row_without_a_number_is_ranked(rng, n_objectives):
    class Broken(LinearRegression):
        def predict(self, X):
            return np.where(np.arange(len(X)) % 2, np.nan, super().predict(X))

    X, Y = known(rng)
    y = Y[:, 0] if n_objectives == 1 else Y
    with pytest.raises(ValueError, match=r"predictor=Broken\(\) returned .* of them NaN, for a pool of"):
        propose(SPACE, Broken(), ExhaustiveCandidateSampler(SPACE), X, y, X[:0], 3, rng)


@pytest.mark.parametrize("n", [1, 3, 40])
def test_several_objectives_take_what_is_predicted_to_dominate_most(rng, n):
    X, Y = known(rng)
    batch = propose(SPACE, LinearRegression(), ExhaustiveCandidateSampler(SPACE), X, Y, X[:0], n, rng)
    assert batch.predicted.shape == (min(n, len(batch.pool)), 2)
    assert batch.pool_scores.shape == (len(batch.pool), 2)
    scales = [NormalScores(column) for column in Y.T]
    for k, scale in enumerate(scales):  # a regression on the normal scores of that column alone
        alone = LinearRegression().fit(X, scale.values).predict(batch.pool)
        np.testing.assert_allclose(batch.pool_scores[:, k], scale.inverse(alone))

    def normal(scores):
        return np.stack(
            [scale.transform(column) for scale, column in zip(scales, scores.T, strict=True)], axis=1
        )

    # The first adds most to what is known, the second most to that and the first.
    observed, pool, chosen = normal(Y), normal(batch.pool_scores), normal(batch.predicted)
    reference = worst_that_counts(observed)
    for k in range(min(n, 2)):
        volumes = [hypervolume(np.vstack([observed, point]), reference) for point in pool]
        observed = np.vstack([observed, chosen[k]])
        assert hypervolume(observed, reference) == pytest.approx(max(volumes))
    np.testing.assert_array_equal(np.unique(SPACE.canonical_key(batch.rows)).size, len(batch.rows))


def n_edges(rows):
    return rows[:, :16].sum(axis=1)


def test_costs_are_not_predicted_and_spread_at_the_start(rng):
    X, Y = known(rng)
    costs = Costs(SPACE, {"edges": n_edges})
    first = propose(SPACE, None, ExhaustiveCandidateSampler(SPACE), X[:0], Y[:0, 0], X[:0], 3, rng, costs)
    everything = n_edges(SPACE.enumerate())
    assert {everything.min(), everything.max()} <= set(n_edges(first.rows))
    # Where accuracy is the same everywhere, what counts is the cost.
    cheapest = n_edges(SPACE.enumerate()).min()
    some = X[n_edges(X) > cheapest]
    batch = propose(
        SPACE,
        LinearRegression(),
        ExhaustiveCandidateSampler(SPACE),
        some,
        np.ones(len(some)),
        some[:0],
        1,
        rng,
        costs,
    )
    assert batch.predicted.shape == (1,) and n_edges(batch.rows)[0] == cheapest


def test_exploration_does_not_count_where_there_are_costs(rng):
    X, Y = known(rng)
    rest = (ExhaustiveCandidateSampler(SPACE), X, Y[:, 0], X[:0], 3)
    costs = Costs(SPACE, {"edges": n_edges})
    batches = [
        propose(SPACE, GPRankPredictor(SPACE.n_nodes, exploration=k), *rest, np.random.default_rng(0), costs)
        for k in (0.0, 5.0)
    ]
    np.testing.assert_array_equal(batches[0].rows, batches[1].rows)


def test_what_is_pending_counts_as_predicted(rng):
    X, Y = known(rng)
    predictor, pool = GPRankPredictor(SPACE.n_nodes), ExhaustiveCandidateSampler(SPACE)
    batch = propose(SPACE, predictor, pool, X, Y, X[:0], 2, np.random.default_rng(0))
    second = propose(SPACE, predictor, pool, X, Y, batch.rows[:1], 1, np.random.default_rng(0))
    np.testing.assert_array_equal(second.rows, batch.rows[1:])


@pytest.mark.slow
def test_maximum_likelihood_climbs_the_order_of_several_objectives(rng):
    X, Y = known(rng)
    predictor = GCNRankPredictor(SPACE.n_nodes, hidden_dims=(4,), max_iter=3, random_state=0)
    pool = MaximumLikelihoodCandidateSampler(SPACE, n_candidates=6)
    batch = propose(SPACE, predictor, pool, X, Y, X[:0], 2, rng)
    assert len(batch.pool) == 6 and SPACE.is_valid(batch.rows).all()


def test_without_labels_of_several_objectives_the_batch_is_random(rng):
    none = SPACE.sample(1, rng)[:0]
    batch = propose(
        SPACE, LinearRegression(), ExhaustiveCandidateSampler(SPACE), none, np.empty((0, 2)), none, 3, rng
    )
    assert batch.predicted.shape == (3, 2) and np.isnan(batch.predicted).all()


def test_maximum_likelihood_fits_its_own_network_where_the_predictor_is_none(rng):
    X, Y = known(rng)
    pool = MaximumLikelihoodCandidateSampler(SPACE, n_candidates=6)
    batch = propose(SPACE, LinearRegression(), pool, X, Y[:, 0], X[:0], 2, rng)
    assert pool.predictor is None and len(batch.rows) == 2


def test_the_default_predictor_learns_which_place_of_a_chain_matters(rng):
    chain = ChainSpace([range(1, 65)] * 6)
    X = chain.sample(80, rng)
    y = chain.numbers(X)[:, 2]  # only the third layer counts
    for space in (chain, ConstrainedSpace(chain, lambda rows: np.ones(len(rows), bool))):
        assert default_predictor(space).fit(X[:40], y[:40]).score(X[40:], y[40:]) > 0.8
    assert default_predictor(SPACE).n_nodes is None  # the search fills in that of the space
