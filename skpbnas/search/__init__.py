"""Algorithm 1 of the paper: propose a batch, evaluate it, learn from it, and again."""

from .._devices import current_device
from .._worker import Scored
from ._checkpoint import EvaluationsSoFar, read_checkpoint
from ._costs import OneByOne
from ._features import ForTheBest
from ._found import ParetoFront
from ._propose import Proposal, default_candidates, default_n_initial, default_predictor, propose
from ._ray import RayExecutor
from ._read import SavedResults, read_results
from ._recommend import Recommendation
from ._saved import CheckpointError, CheckpointWriteError
from ._search import PredictorBasedSearch

__all__ = [
    "CheckpointError",
    "CheckpointWriteError",
    "EvaluationsSoFar",
    "ForTheBest",
    "OneByOne",
    "ParetoFront",
    "PredictorBasedSearch",
    "Proposal",
    "RayExecutor",
    "Recommendation",
    "SavedResults",
    "Scored",
    "current_device",
    "default_candidates",
    "default_n_initial",
    "default_predictor",
    "propose",
    "read_checkpoint",
    "read_results",
]
