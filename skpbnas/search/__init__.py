"""Algorithm 1 of the paper: propose a batch, evaluate it, learn from it, and again."""

from ._archive import CheckpointError
from ._propose import Proposal, default_predictor, propose
from ._search import PredictorBasedSearch

__all__ = ["CheckpointError", "PredictorBasedSearch", "Proposal", "default_predictor", "propose"]
