"""What a search does to the estimators that it is given: ``for_space``."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import RandomForestRegressor, VotingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skpbnas import (
    CellSpace,
    EvolutionaryCandidateSampler,
    GCNRankPredictor,
    GPRankPredictor,
    GraphDescriptors,
    MaximumLikelihoodCandidateSampler,
    PredictorBasedSearch,
)
from skpbnas._for_space import for_space
from skpbnas.predictors import EnsembleRankPredictor

SPACE = CellSpace(4, ["a", "b"])


class Own(RegressorMixin, BaseEstimator):
    """An estimator of a user's own that says itself how it reads a space."""

    def __init__(self, operations=None, random_state=None):
        self.operations = operations
        self.random_state = random_state

    def for_space(self, space, seed):
        return Own(space.operations, seed)

    def fit(self, X, y):
        if self.operations is None:
            raise RuntimeError("not told about the space")
        self.columns_ = X.sum(axis=0)
        return self

    def predict(self, X):
        return X @ self.columns_


def parameters(estimator, name):
    """Return the values of all parameters of that name, those of parts included."""
    found = estimator.get_params(deep=True).items()
    return [value for key, value in found if key.rpartition("__")[2] == name]


@pytest.mark.parametrize(
    "estimator",
    [
        GPRankPredictor(),
        GCNRankPredictor(),
        make_pipeline(GraphDescriptors(), FunctionTransformer(), RandomForestRegressor()),
        VotingRegressor([("a", GPRankPredictor()), ("b", make_pipeline(GraphDescriptors(), Ridge()))]),
        EnsembleRankPredictor([("a", GCNRankPredictor()), ("b", "drop")]),
        TransformedTargetRegressor(GCNRankPredictor()),
        EvolutionaryCandidateSampler(),
        MaximumLikelihoodCandidateSampler(predictor=GCNRankPredictor()),
    ],
)
def test_parts_at_any_depth_know_the_nodes_the_space_and_the_seed(estimator):
    before = repr(estimator)
    ready = for_space(estimator, SPACE, 7)
    assert set(parameters(ready, "n_nodes")) <= {4}
    assert set(parameters(ready, "random_state")) <= {7}
    assert all(space is SPACE for space in parameters(ready, "space"))
    assert repr(estimator) == before


def test_what_is_set_stays():
    network = GCNRankPredictor(n_nodes=1, random_state=3)
    ready = for_space(make_pipeline(GraphDescriptors(2), network), SPACE, 7)
    assert parameters(ready, "n_nodes") == [2, 1]
    assert parameters(ready, "random_state") == [3]
    other = CellSpace(3, ["c"])
    assert for_space(EvolutionaryCandidateSampler(other), SPACE, 7).space == other


def test_an_estimator_says_itself_what_a_space_means_to_it_wherever_it_is():
    assert for_space(Own(), SPACE, 7).operations == ("a", "b")
    assert for_space(make_pipeline(Own()), SPACE, 7)[0].operations == ("a", "b")
    ensemble = EnsembleRankPredictor([("own", Own()), ("ridge", Ridge())])
    assert dict(for_space(ensemble, SPACE, 7).estimators)["own"].operations == ("a", "b")


def test_a_search_prepares_an_estimator_of_a_users_own():
    search = PredictorBasedSearch(SPACE, Own(), random_state=0)
    search.run(lambda cell: cell.adjacency.sum(), 8)
    assert len(search.history_) == 8


def test_frozen_parts_stay_as_they_were_fitted():
    X = SPACE.sample(20, np.random.default_rng(0))
    fitted = GPRankPredictor(n_nodes=4).fit(X, X.sum(axis=1))
    frozen = FrozenEstimator(fitted)
    assert for_space(frozen, SPACE, 7) is frozen
    assert for_space(make_pipeline(frozen), SPACE, 7)[0].estimator is fitted
