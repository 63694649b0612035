"""Predictors f(A; theta): estimators that rank architectures from their rows."""

from ._gcn import GCNRankPredictor, paper_predictor

__all__ = ["GCNRankPredictor", "paper_predictor"]
