"""Predictor-based neural architecture search as scikit-learn estimators."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .candidates import EvolutionaryCandidateSampler as EvolutionaryCandidateSampler
    from .candidates import ExhaustiveCandidateSampler as ExhaustiveCandidateSampler
    from .candidates import MaximumLikelihoodCandidateSampler as MaximumLikelihoodCandidateSampler
    from .candidates import UniformCandidateSampler as UniformCandidateSampler
    from .datasets import TabularBenchmark as TabularBenchmark
    from .datasets import load_digits_cells as load_digits_cells
    from .datasets import load_nasbench101 as load_nasbench101
    from .datasets import load_nasbench201 as load_nasbench201
    from .model_selection import ArchitectureSearchCV as ArchitectureSearchCV
    from .persistence import load as load
    from .persistence import save as save
    from .predictors import EnsembleRankPredictor as EnsembleRankPredictor
    from .predictors import GCNRankPredictor as GCNRankPredictor
    from .predictors import GPRankPredictor as GPRankPredictor
    from .preprocessing import ArchitectureEncoder as ArchitectureEncoder
    from .preprocessing import GraphDescriptors as GraphDescriptors
    from .sampler import PBNASSampler as PBNASSampler
    from .search import PredictorBasedSearch as PredictorBasedSearch
    from .spaces import Cell as Cell
    from .spaces import CellSpace as CellSpace
    from .spaces import ChainSpace as ChainSpace
    from .spaces import ConstrainedSpace as ConstrainedSpace
    from .spaces import NASBench101Space as NASBench101Space
    from .spaces import NASBench201Space as NASBench201Space
    from .spaces import ParameterSpace as ParameterSpace
    from .spaces import ProductSpace as ProductSpace
    from .spaces import SearchSpace as SearchSpace

__version__ = "0.1.0"

# Each public name and the subpackage that defines it. They are imported on first use (PEP 562), so that
# skpbnas.spaces and skpbnas.metrics do not pay for importing torch.
_HOME = {
    "ArchitectureEncoder": "preprocessing",
    "ArchitectureSearchCV": "model_selection",
    "Cell": "spaces",
    "CellSpace": "spaces",
    "ChainSpace": "spaces",
    "ConstrainedSpace": "spaces",
    "EnsembleRankPredictor": "predictors",
    "EvolutionaryCandidateSampler": "candidates",
    "ExhaustiveCandidateSampler": "candidates",
    "GCNRankPredictor": "predictors",
    "GPRankPredictor": "predictors",
    "GraphDescriptors": "preprocessing",
    "MaximumLikelihoodCandidateSampler": "candidates",
    "NASBench101Space": "spaces",
    "NASBench201Space": "spaces",
    "PBNASSampler": "sampler",
    "ParameterSpace": "spaces",
    "PredictorBasedSearch": "search",
    "ProductSpace": "spaces",
    "SearchSpace": "spaces",
    "TabularBenchmark": "datasets",
    "UniformCandidateSampler": "candidates",
    "load": "persistence",
    "load_digits_cells": "datasets",
    "load_nasbench101": "datasets",
    "load_nasbench201": "datasets",
    "save": "persistence",
}

__all__ = [*_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
