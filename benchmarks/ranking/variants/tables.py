"""Estimators of tables on the descriptors, on normal scores, and the process in scikit-learn's ensembles."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.ensemble import (
    BaggingRegressor,
    ExtraTreesRegressor,
    HistGradientBoostingRegressor,
    StackingRegressor,
)
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVR

from skpbnas import EnsembleRankPredictor, GCNRankPredictor, GPRankPredictor, GraphDescriptors

from .described import without_walks


def on_normal_scores(estimator: Any) -> EnsembleRankPredictor:
    return EnsembleRankPredictor([("only", estimator)])


def on_descriptors(estimator: Any) -> Any:
    """Return an estimator of tables on the square roots of the descriptors."""
    return make_pipeline(GraphDescriptors(7), FunctionTransformer(np.sqrt), StandardScaler(), estimator)


class WithoutWalks(GraphDescriptors):
    """The descriptors without those of walks back from the output."""

    def transform(self, X: Any) -> Any:
        """Describe rows."""
        names = [str(name) for name in self.get_feature_names_out()]
        return super().transform(X)[:, [without_walks(name) for name in names]]


def trees(seed: int) -> Any:
    return on_descriptors(ExtraTreesRegressor(300, max_features=0.5, random_state=seed))


def support_vectors(seed: int) -> Any:
    return on_descriptors(SVR(epsilon=0.05))


def boosted_trees(seed: int) -> Any:
    return on_descriptors(HistGradientBoostingRegressor(learning_rate=0.05, max_iter=300, random_state=seed))


def perceptron(seed: int) -> Any:
    return on_descriptors(GCNRankPredictor(hidden_dims=(64, 64), n_estimators=8, random_state=seed))


def support_vectors_without_walks(seed: int) -> Any:
    return make_pipeline(WithoutWalks(7), FunctionTransformer(np.sqrt), StandardScaler(), SVR(epsilon=0.05))


def stacked(seed: int, members: Callable[[int], list[tuple[str, Any]]]) -> StackingRegressor:
    """Weigh the members by a ridge regression on their predictions in five folds of the labels."""
    return StackingRegressor(members(seed), RidgeCV(np.logspace(-2, 3, 11)), cv=5)


def of_descriptors(seed: int) -> list[tuple[str, Any]]:
    return [("process", GPRankPredictor(7)), ("vectors", support_vectors(seed)), ("trees", trees(seed))]


def and_networks(seed: int) -> list[tuple[str, Any]]:
    networks = GCNRankPredictor(7, hidden_dims=[32] * 5, n_estimators=4, random_state=seed, descriptors=False)
    return [*of_descriptors(seed), ("networks", networks)]


def bagged(seed: int) -> BaggingRegressor:
    return BaggingRegressor(GPRankPredictor(7), n_estimators=20, random_state=seed)


ESTIMATORS = {
    "trees on descriptors": trees,
    "boosted trees on descriptors": boosted_trees,
    "support vectors on descriptors": support_vectors,
    "support vectors, no walks": support_vectors_without_walks,
    "perceptrons on descriptors": perceptron,
    "stacked process, vectors, trees": partial(stacked, members=of_descriptors),
    "stacked process, vectors, trees, networks": partial(stacked, members=and_networks),
    "20 bagged processes": bagged,
}
VARIANTS = {name: lambda seed, make=make: on_normal_scores(make(seed)) for name, make in ESTIMATORS.items()}
