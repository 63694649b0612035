"""How many threads linear algebra uses: one where the matrices are too small to share."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from threadpoolctl import threadpool_limits

_WORTH_SHARING = 4_000_000  # numbers in a matrix


def blas_threads(n_values: int) -> AbstractContextManager[Any]:
    """Use one thread for products and factors of ``n_values`` numbers, unless they are many.

    Threads that wait for each other made a fit to 200 rows twenty times slower. The setting is restored
    afterwards.
    """
    return nullcontext() if n_values >= _WORTH_SHARING else threadpool_limits(limits=1, user_api="blas")
