"""Algorithm 1 of the paper: propose a batch, evaluate it, learn from it, and again."""

from ._archive import CheckpointError
from ._propose import Proposal, default_predictor, propose
from ._search import ParetoFront, PredictorBasedSearch

__all__ = [
    "CheckpointError",
    "ParetoFront",
    "PredictorBasedSearch",
    "Proposal",
    "default_predictor",
    "propose",
]
