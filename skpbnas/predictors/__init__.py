"""Predictors f(A; theta): estimators that rank architectures from their rows."""

from ._ensemble import EnsembleRankPredictor
from ._gcn import GCNRankPredictor, paper_predictor
from ._gp import GPRankPredictor

__all__ = ["EnsembleRankPredictor", "GCNRankPredictor", "GPRankPredictor", "paper_predictor"]
