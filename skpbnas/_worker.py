"""What runs in a worker: one evaluation.

A module of its own, so that a new worker process imports the objective and this, but not the rest of the
library with PyTorch, which takes seconds.
"""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

Outcome = tuple[NDArray[np.float64], float, Exception | None]


def evaluate_one(objective: Callable[[Any], Any], architecture: Any, remote: bool = False) -> Outcome:
    """Return the scores of an architecture, the seconds that it took, and what the objective raised.

    Parameters
    ----------
    objective : callable
    architecture : object
    remote : bool, default=False
        Whether the result is sent to another process.

    Returns
    -------
    scores : ndarray of shape (n_objectives,)
        A single NaN where the objective raised.
    seconds : float
    error : Exception or None
    """
    start = perf_counter()
    try:
        scores, error = _as_scores(objective(architecture)), None
    except Exception as raised:  # handed to the search, which raises it once the batch is told
        scores, error = np.array([np.nan]), _portable(raised) if remote else raised
    return scores, perf_counter() - start, error


def _as_scores(result: Any) -> NDArray[np.float64]:
    several = isinstance(result, tuple | list) or (isinstance(result, np.ndarray) and result.ndim > 0)
    try:
        scores = [float(value) for value in (result if several else [result])]
    except (TypeError, ValueError):
        scores = []
    if not scores:
        raise TypeError(
            f"the objective returned {result!r}; it must return one number, or several in a tuple, "
            f"list or array"
        )
    return np.array(scores)


def _portable(error: Exception) -> Exception:
    """Return an exception that tells where it was raised and that the way back from a worker keeps."""
    from joblib.externals.loky.backend import reduction

    where = "".join(traceback.format_exception(error))
    error.add_note(f"raised in a worker:\n{where}")
    try:
        pickle.loads(reduction.dumps(error))
    except Exception:
        error = RuntimeError(where)
    return error
