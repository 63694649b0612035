"""The process and networks, averaged."""

from __future__ import annotations

from functools import partial

from skpbnas import EnsembleRankPredictor, GCNRankPredictor, GPRankPredictor


def together(seed: int, weight: float, n_networks: int = 8, n_layers: int = 5) -> EnsembleRankPredictor:
    networks = GCNRankPredictor(7, [32] * n_layers, n_estimators=n_networks, random_state=seed)
    members = [("process", GPRankPredictor(7)), ("networks", networks)]
    return EnsembleRankPredictor(members, weights=[weight, 1.0])


VARIANTS = {
    "process and networks alike": partial(together, weight=1.0),
    "process and networks, 2 to 1": partial(together, weight=2.0),
    "process and networks, 4 to 1": partial(together, weight=4.0),
    "process and 3 networks, 4 to 1": partial(together, weight=4.0, n_networks=3),
}
