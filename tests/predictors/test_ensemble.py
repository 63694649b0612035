"""Averaged ranks: contracts of scikit-learn, scale, and what averaging does."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from skpbnas import CellSpace
from skpbnas._for_space import for_space
from skpbnas.datasets import load_digits_cells
from skpbnas.predictors import EnsembleRankPredictor, GCNRankPredictor, GPRankPredictor, ensemble_predictor

MEMBERS = [("ridge", Ridge()), ("neighbours", KNeighborsRegressor())]


@parametrize_with_checks([EnsembleRankPredictor(MEMBERS)])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture
def table(rng) -> tuple[np.ndarray, np.ndarray]:
    """Targets with a few outliers that are far below the rest, as failed trainings are."""
    X = rng.normal(size=(120, 4))
    y = X @ [3, 2, 1, 0] + 0.3 * rng.normal(size=120)
    return X, np.where(rng.random(120) < 0.05, -1e6, y)


def test_only_the_order_of_the_targets_matters(table):
    X, y = table
    plain = EnsembleRankPredictor(MEMBERS).fit(X[:80], y[:80])
    stretched = EnsembleRankPredictor(MEMBERS).fit(X[:80], np.arctan(y[:80] / 10))
    assert kendalltau(plain.predict(X), stretched.predict(X)).statistic > 0.999
    distorted = LinearRegression().fit(X[:80], y[:80]).predict(X[80:])
    assert plain.score(X[80:], y[80:]) > 0.1 + kendalltau(distorted, y[80:]).statistic


def test_one_perfect_member_reproduces_the_targets(table):
    X, y = table
    memory = KNeighborsRegressor(n_neighbors=1)
    model = EnsembleRankPredictor([("memory", memory), ("half", clone(memory))]).fit(X, y)
    np.testing.assert_allclose(model.predict(X), y)
    mean, std = model.predict(X, return_std=True)
    np.testing.assert_array_equal(mean, model.predict(X))
    np.testing.assert_allclose(std, 0, atol=1e-9)


def test_predictions_beyond_the_best_target_stay_apart(rng):
    X = np.arange(20.0)[:, None]
    model = EnsembleRankPredictor([("linear", LinearRegression())]).fit(X, np.arange(20.0) ** 2)
    beyond = model.predict(np.array([[21.0], [25.0], [40.0], [-5.0], [-6.0]]))
    assert beyond[0] < beyond[1] < beyond[2]
    assert beyond[3] > beyond[4]


def test_weights_and_dropped_members(table):
    X, y = table
    both = EnsembleRankPredictor(MEMBERS, weights=[1, 0]).fit(X, y)
    alone = EnsembleRankPredictor(MEMBERS).set_params(neighbours="drop").fit(X, y)
    np.testing.assert_allclose(both.predict(X), alone.predict(X))
    np.testing.assert_allclose(both.predict(X, return_std=True)[1], 0, atol=1e-9)


def test_members_are_tuned_by_name(table):
    X, y = table
    members = [("network", GCNRankPredictor(max_iter=5, random_state=0)), ("ridge", Ridge())]
    grid = GridSearchCV(EnsembleRankPredictor(members), {"network__max_iter": [1, 40]}, cv=2).fit(X, y)
    assert grid.best_estimator_.named_estimators_["network"].n_iter_ == grid.best_params_["network__max_iter"]


def test_constant_targets_and_constant_members(table):
    X, y = table
    model = EnsembleRankPredictor(MEMBERS).fit(X, np.full(len(X), 0.9))
    np.testing.assert_array_equal(model.predict(X), 0.9)
    assert EnsembleRankPredictor([("mean", DummyRegressor())]).fit(X, y).score(X, y) == 0


def test_bad_targets_are_refused(table):
    X, y = table
    model = EnsembleRankPredictor(MEMBERS)
    with pytest.raises(ValueError, match="y contains NaN"):
        model.fit(X, np.where(y > 0, np.nan, y))
    with pytest.raises(ValueError, match="y contains NaN"):
        model.fit(X, y).score(X, np.where(y > 0, np.nan, y))


def test_a_member_that_predicts_no_number_is_named(table):
    X, y = table

    class Broken(Ridge):
        def predict(self, X):
            return np.where(np.arange(len(X)) == 3, np.nan, super().predict(X))

    model = EnsembleRankPredictor([*MEMBERS, ("broken", Broken())]).fit(X, y)
    with pytest.raises(ValueError, match="Broken predicts nan for row 3 of X"):
        model.predict(X)


@pytest.mark.slow
def test_the_ready_made_ensemble_ranks_better_than_the_process_alone():
    table = load_digits_cells()
    seen, counts = table.columns["validation_accuracy_0"], table.columns["test_accuracy"]
    gains = []
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(len(table))
        train, rest = order[:100], order[100:]
        scores = [
            model.fit(table.X[train], seen[train]).predict(table.X[rest])
            for model in (ensemble_predictor(5, seed), GPRankPredictor(5))
        ]
        mixed, alone = (kendalltau(score, counts[rest]).statistic for score in scores)
        assert mixed > 0.75
        gains.append(mixed - alone)
    assert np.mean(gains) > 0


@pytest.mark.slow
def test_the_ready_made_ensemble_reads_graphs_wherever_it_is_used():
    space = CellSpace(4, ["conv", "pool"])
    X = pd.DataFrame(space.sample(40, np.random.default_rng(0)), columns=space.get_feature_names_out())
    y = X.sum(axis=1)
    model = ensemble_predictor(random_state=0).fit(X, y)
    members = model.named_estimators_
    for member in (members["process"], members["networks"], members["trees"][0]):
        assert member.n_nodes_ == space.n_nodes
    told = ensemble_predictor(space.n_nodes, random_state=0).fit(X.to_numpy(), y)
    np.testing.assert_array_equal(model.predict(X), told.predict(X.to_numpy()))
    np.testing.assert_array_equal(model.predict(X), pickle.loads(pickle.dumps(model)).predict(X))
    search = for_space(ensemble_predictor(), space, seed=0)
    assert set(find(search, "n_nodes")) == {space.n_nodes}
    assert set(find(search, "random_state")) == {0}


def find(estimator, name: str) -> list:
    """Return the values of all parameters of that name, those of members included."""
    return [
        value for key, value in estimator.get_params(deep=True).items() if key.rpartition("__")[2] == name
    ]
