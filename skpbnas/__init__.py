"""Predictor-based neural architecture search as scikit-learn estimators and an Optuna sampler."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Each public name and the subpackage that defines it. They are imported on first use (PEP 562), so that
# skpbnas.spaces and skpbnas.metrics do not pay for importing torch.
_HOME = {
    "Cell": "spaces",
    "CellSpace": "spaces",
    "EvolutionaryCandidateSampler": "candidates",
    "ExhaustiveCandidateSampler": "candidates",
    "GCNRankPredictor": "predictors",
    "MaximumLikelihoodCandidateSampler": "candidates",
    "NASBench101Space": "spaces",
    "PredictorBasedSearch": "search",
    "SearchSpace": "spaces",
    "UniformCandidateSampler": "candidates",
}

__all__ = [*_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
