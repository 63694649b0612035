"""What is made of large sets of rows, kept for the next time that the same rows are scored.

A set is cut where the rows themselves say so, and not every so many rows: where some rows are left out, as a
search leaves out what it has evaluated, the other pieces stay what they were and are found again.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

FEWEST = 20_000  # rows of a set that is cut and kept
_MEAN, _MOST = 16_384, 20_000  # rows of a piece, which bounds the memory
_KEPT = 1_000_000  # rows in all
_ODD = np.uint64(0x9E3779B97F4A7C15)


class Remembered(Generic[T]):
    """What was made of the pieces that were used last: context maps, or descriptors."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._lock = Lock()

    def of(self, rows: NDArray, kind: Hashable, build: Callable[[NDArray], T]) -> Iterator[tuple[slice, T]]:
        """Yield consecutive pieces of rows and what is made of them; that of few rows is not kept.

        Parameters
        ----------
        rows : ndarray of shape (n, n_features)
        kind : hashable
            What the result depends on beside the rows.
        build : callable
            Is given some rows.
        """
        if len(rows) < FEWEST:
            yield slice(0, len(rows)), build(rows)
            return
        for piece, digest in pieces(rows):
            key = (digest, kind)
            with self._lock:
                found = self._kept.pop(key, None)
            entry = found or (build(rows[piece]), piece.stop - piece.start)
            with self._lock:
                self._kept[key] = entry
                while sum(size for _, size in self._kept.values()) > _KEPT:
                    self._kept.popitem(last=False)
            yield piece, entry[0]


def pieces(rows: NDArray) -> Iterator[tuple[slice, bytes]]:
    """Cut rows after each whose hash is a multiple of a constant; also return a digest of each piece."""
    hashes = _hash(rows)
    cuts = np.flatnonzero(hashes % np.uint64(_MEAN) == 0) + 1
    start = 0
    for cut in [*cuts.tolist(), len(rows)]:
        while start < cut:
            end = min(cut, start + _MOST)
            yield slice(start, end), hashlib.blake2b(hashes[start:end].tobytes()).digest()
            start = end


def _hash(rows: NDArray) -> NDArray[np.uint64]:
    """Return a number for each row that depends on all its bytes."""
    octets = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), -1)
    padded = np.zeros((len(rows), -(-octets.shape[1] // 8) * 8), np.uint8)
    padded[:, : octets.shape[1]] = octets
    hashes = np.zeros(len(rows), np.uint64)
    for word in padded.view(np.uint64).T:
        hashes = (hashes ^ word) * _ODD
        hashes ^= hashes >> np.uint64(29)
    return hashes
