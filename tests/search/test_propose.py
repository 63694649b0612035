"""A batch is what the predictors say, for one objective and for several."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from skpbnas import CellSpace, ExhaustiveCandidateSampler, MaximumLikelihoodCandidateSampler
from skpbnas.metrics import hypervolume, non_dominated_rank
from skpbnas.predictors import GCNRankPredictor
from skpbnas.search import default_predictor, propose
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
    for k in range(2):  # each column is predicted by a regression on that column alone
        alone = LinearRegression().fit(X, Y[:, k]).predict(batch.pool)
        np.testing.assert_allclose(batch.pool_scores[:, k], alone)
    # The first adds most to what is known, the second most to that and the first.
    reference = Y[non_dominated_rank(Y) == 0].min(axis=0)
    known_and_chosen = Y
    for k in range(min(n, 2)):
        volumes = [
            hypervolume(np.vstack([known_and_chosen, point]), reference) for point in batch.pool_scores
        ]
        known_and_chosen = np.vstack([known_and_chosen, batch.predicted[k]])
        # Not exactly: the search counts a little beyond the ends of the front, too.
        assert hypervolume(known_and_chosen, reference) >= 0.8 * max(volumes)
    np.testing.assert_array_equal(np.unique(SPACE.canonical_key(batch.rows)).size, len(batch.rows))


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
