"""Linear algebra whose results have the same bits on any number of threads.

BLAS cuts a product where it likes, which depends on its number of threads, and adds up in another order. Here
the cuts are fixed: large matrices are cut into tiles, a thread of BLAS works on each alone, and as many tiles
are worked on at a time as BLAS had threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from threading import Lock
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from threadpoolctl import ThreadpoolController

Matrix = NDArray[np.float64]

TILE = 512  # rows or columns
P = ParamSpec("P")
T = TypeVar("T")


class _OneThread:
    """One thread of BLAS while anybody is inside; the last one to leave restores what the first one found.

    The setting is that of the whole process, and predictors may be fitted by several threads at a time.
    Threads that wait for each other made a fit to 200 rows twenty times slower.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self.n_before = 1
        # NumPy and SciPy have loaded theirs. To look for them takes longer than to score a thousand rows.
        self._libraries = ThreadpoolController()

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._limits = self._libraries.limit(limits=1, user_api="blas")
                self.n_before = self._limits.get_original_num_threads()["blas"] or 1
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limits.restore_original_limits()


_ONE_THREAD = _OneThread()


def one_blas_thread(work: Callable[P, T]) -> Callable[P, T]:
    """Let a function call BLAS on one thread."""

    @wraps(work)
    def inside(*args: P.args, **kwargs: P.kwargs) -> T:
        with _ONE_THREAD:
            return work(*args, **kwargs)

    return inside


@one_blas_thread
def product(left: Matrix, right: Matrix) -> Matrix:
    """Return ``left @ right``."""
    out = np.empty((left.shape[0], right.shape[1]))

    def multiply(part: slice) -> None:
        np.matmul(left[part], right, out=out[part])

    _share(multiply, _tiles(len(left)))
    return out


@one_blas_thread
def factorise(A: Matrix) -> None:
    """Replace the lower triangle of a positive definite matrix by its Cholesky factor."""
    for at in _tiles(len(A)):

        def subtract(part: slice, at: slice = at) -> None:
            A[part, at] -= A[part, : at.start] @ A[at, : at.start].T

        def divide(part: slice, at: slice = at) -> None:
            A[part, at] = solve_triangular(A[at, at], A[part, at].T, lower=True, check_finite=False).T

        rest = [part for part in _tiles(len(A)) if part.start >= at.start]
        if at.start:
            _share(subtract, rest)
        A[at, at] = cholesky(A[at, at], lower=True, check_finite=False)
        _share(divide, rest[1:])


@one_blas_thread
def solve_lower(L: Matrix, B: Matrix) -> None:
    """Replace B ``(n, m)`` by the solution X of ``L @ X = B``, of the lower triangle of L."""

    def solve(part: slice) -> None:
        for at in _tiles(len(L)):
            if at.start:
                B[at, part] -= L[at, : at.start] @ B[: at.start, part]
            B[at, part] = solve_triangular(L[at, at], B[at, part], lower=True, check_finite=False)

    _share(solve, _tiles(B.shape[1]))


def _tiles(n: int) -> list[slice]:
    return [slice(start, min(start + TILE, n)) for start in range(0, n, TILE)]


def _share(work: Callable[[slice], None], parts: Iterable[slice]) -> None:
    """Work on all parts, on as many threads as BLAS had; NumPy's products let other threads run."""
    todo = list(parts)
    n_threads = min(_ONE_THREAD.n_before, len(todo))
    if n_threads <= 1:
        for part in todo:
            work(part)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(work, todo))
