"""What a model file may name: estimators of this library and of scikit-learn, and functions of NumPy.

Saving and loading both ask here, so that what is saved can be read. A file names classes and functions; they
are looked up, and a class is given its attributes, but nothing is called that a file chooses. Parts of this
library have names of their own, whatever the module that they are in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.gaussian_process.kernels import Kernel

from ..predictors import EnsembleRankPredictor, GCNRankPredictor, GPRankPredictor, LatencyPredictor
from ..predictors._latency import _Groups
from ..predictors._linear_models import LinearModels
from ..predictors._normal_scores import NormalScores
from ..predictors._process import Process
from ..predictors._sources import SourceTable
from ..predictors._tails import Tails
from ..predictors._values import Values
from ..preprocessing import GraphDescriptors
from ..preprocessing._columns import PlacedColumns
from ..preprocessing._descriptors import signed_roots

_OWN_CLASSES: dict[str, type] = {
    "skpbnas:EnsembleRankPredictor": EnsembleRankPredictor,
    "skpbnas:GCNRankPredictor": GCNRankPredictor,
    "skpbnas:GPRankPredictor": GPRankPredictor,
    "skpbnas:GraphDescriptors": GraphDescriptors,
    "skpbnas:LatencyGroups": _Groups,
    "skpbnas:LatencyPredictor": LatencyPredictor,
    "skpbnas:LinearModels": LinearModels,
    "skpbnas:NormalScores": NormalScores,
    "skpbnas:PlacedColumns": PlacedColumns,
    "skpbnas:Process": Process,
    "skpbnas:Tails": Tails,
    "skpbnas:Values": Values,
    "skpbnas:SourceTable": SourceTable,
}
_OWN_FUNCTIONS: dict[str, Callable[..., Any]] = {"skpbnas:signed_roots": signed_roots}
# Modules of estimators: not those that do more when they are imported.
_SCIKIT_LEARN = re.compile(r"sklearn(\.(?!.*(test|externals|datasets|build|fixes))[a-z_]+)+")


def class_name(cls: type) -> str | None:
    """Return how a file names a class; None where it may not."""
    name = f"{cls.__module__}:{cls.__qualname__}"
    if _SCIKIT_LEARN.fullmatch(cls.__module__) and issubclass(cls, BaseEstimator | Kernel):
        return name
    return next((own for own, known in _OWN_CLASSES.items() if known is cls), None)


def find_class(name: str) -> type:
    """Return the class that a file names, where it is allowed."""
    module, _, attribute = name.partition(":")
    found = _OWN_CLASSES.get(name)
    if found is None and _SCIKIT_LEARN.fullmatch(module):
        found = getattr(import_module(module), attribute, None)
    if not isinstance(found, type) or class_name(found) != name:
        raise ValueError(f"it names {name!r}, which is no estimator of scikit-learn or this library")
    return found


def function_name(function: Any) -> str | None:
    """Return how a file names a function; None where it may not."""
    if isinstance(function, np.ufunc):
        name = str(function.__name__)
        return f"numpy:{name}" if getattr(np, name, None) is function else None
    return next((own for own, known in _OWN_FUNCTIONS.items() if known is function), None)


def find_function(name: str) -> Callable[..., Any]:
    """Return the function that a file names, where it is allowed."""
    module, _, attribute = name.partition(":")
    found: Any = getattr(np, attribute, None) if module == "numpy" else _OWN_FUNCTIONS.get(name)
    if found is None or function_name(found) != name:
        raise ValueError(f"it names {name!r}, which is no function that an estimator may hold")
    return found
