"""Predictors f(A; theta): estimators that rank architectures from their rows."""

from ._ensemble import EnsembleRankPredictor, ensemble_predictor
from ._gcn import GCNRankPredictor, paper_predictor
from ._gp import GPRankPredictor
from ._latency import LatencyPredictor

__all__ = [
    "EnsembleRankPredictor",
    "GCNRankPredictor",
    "GPRankPredictor",
    "LatencyPredictor",
    "ensemble_predictor",
    "paper_predictor",
]
