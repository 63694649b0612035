"""The process and networks, averaged."""

from __future__ import annotations

from functools import partial

from skpbnas import EnsembleRankPredictor, GCNRankPredictor, GPRankPredictor
from skpbnas.predictors import ensemble_predictor

from .features import GraphDescribed
from .tables import trees
from .trained import TorchRanker


def together(seed: int, weight: float, n_networks: int = 8, n_layers: int = 5) -> EnsembleRankPredictor:
    parameters = {"n_estimators": n_networks, "random_state": seed, "descriptors": False}
    networks = GCNRankPredictor(7, [32] * n_layers, **parameters)
    members = [("process", GPRankPredictor(7)), ("networks", networks)]
    return EnsembleRankPredictor(members, weights=[weight, 1.0])


def with_trees(seed: int) -> EnsembleRankPredictor:
    members = [("process", GPRankPredictor(7)), ("trees", trees(seed))]
    return EnsembleRankPredictor(members, weights=[4.0, 1.0])


def described(seed: int) -> list[tuple[str, TorchRanker]]:
    """Return four networks with descriptors at the read-out."""
    return [(f"described_{k}", TorchRanker(GraphDescribed, random_state=4 * seed + k)) for k in range(4)]


def of_descriptors_and_graphs(seed: int) -> EnsembleRankPredictor:
    """Average the process, twice, with four described networks and four of the library's."""
    networks = GCNRankPredictor(7, n_estimators=4, random_state=seed, descriptors=False)
    members = [("process", GPRankPredictor(7)), ("networks", networks), *described(seed)]
    return EnsembleRankPredictor(members, weights=[2.0, 0.5] + [0.125] * 4)


VARIANTS = {
    "process and networks alike": partial(together, weight=1.0),
    "process and networks, 2 to 1": partial(together, weight=2.0),
    "process and networks, 4 to 1": partial(together, weight=4.0),
    "process and 3 networks, 4 to 1": partial(together, weight=4.0, n_networks=3),
    "process and trees, 4 to 1": with_trees,
    "process, trees and 3 networks, 4 to 1 to 1": partial(ensemble_predictor, 7),
    "4 networks, descriptors at the read-out": lambda seed: EnsembleRankPredictor(described(seed)),
    "process, networks, described networks": of_descriptors_and_graphs,
}
