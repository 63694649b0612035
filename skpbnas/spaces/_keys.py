"""Keys of rows of whole numbers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_STEP, _FIRST, _SECOND = (np.uint64(m) for m in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def mix_columns(columns: Iterable[NDArray]) -> NDArray[np.uint64]:
    """Return a 64-bit hash of each row, given its columns, each ``(n,)`` whole numbers below 2**64."""
    keys: NDArray[np.uint64] = np.zeros(1, np.uint64)
    for column in columns:
        keys = _mix((keys ^ column.astype(np.uint64)) + _STEP)
    return keys


def _mix(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit numbers one to one (the finaliser of splitmix64)."""
    keys = (keys ^ (keys >> np.uint64(30))) * _FIRST
    keys = (keys ^ (keys >> np.uint64(27))) * _SECOND
    return keys ^ (keys >> np.uint64(31))
