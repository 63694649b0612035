"""How many threads linear algebra uses: one where the matrices are too small to share."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import Any

from threadpoolctl import threadpool_limits

_WORTH_SHARING = 4_000_000  # numbers in a matrix


class _OneThread:
    """One thread while anybody is inside; the last one to leave restores what the first one found.

    The setting is that of the whole process, and predictors may be fitted by several threads at a time.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._limits = threadpool_limits(limits=1, user_api="blas")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limits.restore_original_limits()


_ONE_THREAD = _OneThread()


def blas_threads(n_values: int) -> AbstractContextManager[Any]:
    """Use one thread for products and factors of ``n_values`` numbers, unless they are many.

    Threads that wait for each other made a fit to 200 rows twenty times slower.
    """
    return nullcontext() if n_values >= _WORTH_SHARING else _ONE_THREAD
