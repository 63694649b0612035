"""Algorithm 1 of the paper: propose a batch, evaluate it, learn from it, and again."""

from ._checkpoint import EvaluationsSoFar, read_checkpoint
from ._propose import Proposal, default_predictor, propose
from ._saved import CheckpointError, CheckpointWriteError
from ._search import ParetoFront, PredictorBasedSearch

__all__ = [
    "CheckpointError",
    "CheckpointWriteError",
    "EvaluationsSoFar",
    "ParetoFront",
    "PredictorBasedSearch",
    "Proposal",
    "default_predictor",
    "propose",
    "read_checkpoint",
]
