"""What runs in a worker: one evaluation.

A module of its own, so that a new worker process imports the objective and this, but not the rest of the
library with PyTorch, which takes seconds.
"""

from __future__ import annotations

import json
import pickle
import reprlib
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._devices import Devices

_LARGEST = 2**63  # unsigned numbers above it are what NumPy makes of negative ones


class WrappedNumber(TypeError):
    """A negative number that an unsigned type could not hold."""

    def __init__(self, value: Any) -> None:
        super().__init__(
            f"{value} is what NumPy makes of a negative number of an unsigned type, as in -row.sum(); take "
            f"float(...) before the minus"
        )


class Scored(NamedTuple):
    """What an objective may return: the score or scores, and what else is worth keeping.

    Attributes
    ----------
    scores : float or sequence of float
        Higher is better.
    details : object
        What JSON can hold, such as a dictionary of numbers. A checkpoint keeps it, and ``details_`` of the
        search returns it.
    """

    scores: Any
    details: Any = None


class Outcome(NamedTuple):
    """What an evaluation came to.

    Attributes
    ----------
    scores : ndarray of shape (n_objectives,)
        A single NaN where the objective raised.
    seconds : float
    error : BaseException or None
        What the objective raised.
    details : object
        Of a :class:`Scored`, else None.
    """

    scores: NDArray[np.float64]
    seconds: float
    error: BaseException | None = None
    details: Any = None


class Call:
    """An evaluation for a worker, who calls it.

    On the way to another process it is packed by cloudpickle, whatever the engine packs with, so that every
    objective can go; and it is unpacked there only once the worker has its device, so that nothing that the
    objective imports sees another one. Threads get the objective itself.

    Parameters
    ----------
    objective : callable
    architecture : object
    arguments : dict
        Of the objective, beside the architecture.
    devices : Devices or None
    """

    def __init__(
        self,
        objective: Callable[..., Any],
        architecture: Any,
        arguments: dict[str, Any],
        devices: Devices | None = None,
    ) -> None:
        self._evaluate = partial(evaluate_one, objective, architecture, True, **arguments)
        self._devices = devices

    def __call__(self) -> Outcome:
        with self._devices.one() if self._devices else nullcontext():
            return self._evaluate()

    def __reduce__(self) -> tuple[Any, ...]:
        from joblib.externals.loky.backend import reduction

        return partial, (_unpack, bytes(reduction.dumps(self._evaluate)), self._devices)


def _unpack(packed: bytes, devices: Devices | None) -> Outcome:
    with devices.one() if devices else nullcontext():
        return pickle.loads(packed)()


def evaluate_one(
    objective: Callable[..., Any], architecture: Any, remote: bool = False, **arguments: Any
) -> Outcome:
    """Return the scores of an architecture, the seconds that it took, and what the objective raised.

    Parameters
    ----------
    objective : callable
    architecture : object
    remote : bool, default=False
        Whether this is a worker, and the result is sent to the search. A worker that wants to exit returns
        the SystemExit; in the search's own process, it exits.
    **arguments : Any
        Of the objective, beside the architecture.

    Returns
    -------
    Outcome
    """
    start = perf_counter()
    nothing = np.array([np.nan])
    try:
        result = objective(architecture, **arguments)
        scores, details = result if isinstance(result, Scored) else (result, None)
        json.dumps(details)  # raises here, and not when the checkpoint is written
        return Outcome(_as_scores(scores), perf_counter() - start, None, details)
    except Exception as raised:  # handed to the search, which raises it once the batch is told
        return Outcome(nothing, perf_counter() - start, _portable(raised) if remote else raised)
    except SystemExit as exit:
        if not remote:
            raise
        return Outcome(nothing, perf_counter() - start, SystemExit(str(exit)))


def as_real(values: Any) -> NDArray[np.float64]:
    """Return numbers as an array of floats.

    Raises
    ------
    TypeError
        Where some are complex, text, or no numbers at all: a conversion would make some up.
    """
    array = np.asarray(values)
    if array.dtype.kind == "u" and (array > _LARGEST).any():
        raise WrappedNumber(array.max())
    if array.dtype.kind == "O":  # numbers of several types, or of types that NumPy does not know
        flat = [_as_float(value) for value in array.ravel()]
        return np.array(flat, np.float64).reshape(array.shape)
    if array.dtype.kind not in "buif":
        raise TypeError(f"{values!r} is of type {array.dtype}")
    return array.astype(np.float64)


def _as_float(value: Any) -> float:
    if isinstance(value, str | bytes | complex | np.complexfloating):
        raise TypeError(f"{value!r} is no real number")
    if isinstance(value, np.unsignedinteger) and value > _LARGEST:
        raise WrappedNumber(value)
    return float(value)


def _as_scores(result: Any) -> NDArray[np.float64]:
    reason = ""
    try:
        scores = np.array([_as_float(value) for value in (result if _is_several(result) else [result])])
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        scores = np.empty(0)
        reason = f": {error}" if isinstance(error, WrappedNumber) else ""
    if not len(scores):
        raise TypeError(
            f"the objective returned {reprlib.repr(result)}{reason}; it must return one real number, or "
            f"several in a tuple, list or array"
        )
    return scores


def _is_several(result: Any) -> bool:
    return isinstance(result, tuple | list) or (isinstance(result, np.ndarray) and result.ndim > 0)


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
