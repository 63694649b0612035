"""Predictors f(A; theta): estimators that rank architectures from their rows."""

from ._ensemble import EnsembleRankPredictor
from ._gcn import GCNRankPredictor, paper_predictor

__all__ = ["EnsembleRankPredictor", "GCNRankPredictor", "paper_predictor"]
