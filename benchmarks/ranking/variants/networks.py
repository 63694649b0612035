"""Settings of the library's networks."""

from __future__ import annotations

from functools import partial
from typing import Any

from skpbnas import GCNRankPredictor
from skpbnas.predictors import paper_predictor


def network(seed: int, **parameters: Any) -> GCNRankPredictor:
    return GCNRankPredictor(7, random_state=seed, descriptors=False, **parameters)


VARIANTS = {
    "network": network,
    "4 layers": partial(network, hidden_dims=[32] * 4),
    "5 layers": partial(network, hidden_dims=[32] * 5),
    "width 64": partial(network, hidden_dims=[64] * 3),
    "width 128": partial(network, hidden_dims=[128] * 3),
    "20 epochs at 0.02": partial(network, max_iter=20, learning_rate=0.02),
    "300 epochs": partial(network, max_iter=300),
    "one direction": partial(network, directions="against"),
    "without residuals": partial(network, residual=False),
    "squared error": partial(network, loss="mse"),
    "4 networks": partial(network, n_estimators=4),
    "8 networks of 5 layers": partial(network, hidden_dims=[32] * 5, n_estimators=8),
    "the paper": lambda seed: paper_predictor(7, random_state=seed),
}
