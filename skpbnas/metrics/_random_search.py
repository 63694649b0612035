"""What random search finds in a table: exactly, without drawing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln


def random_search_quantiles(
    scores: ArrayLike, n_evaluations: int, quantiles: Sequence[float] = (0.25, 0.5, 0.75)
) -> NDArray[np.float64]:
    """Return the quantiles, over all seeds, of the best score that random search has found so far.

    Of K scores, k are drawn at random without replacement. Their best is at most the i-th smallest score with
    the probability ``C(i, k) / C(K, k)``.

    Parameters
    ----------
    scores : array-like of shape (n_architectures,)
        The scores of all architectures, higher is better.
    n_evaluations : int
        The budget, at most as many as there are scores.
    quantiles : sequence of float, default=(0.25, 0.5, 0.75)
        Above 0, and at most 1.

    Returns
    -------
    ndarray of shape (n_quantiles, n_evaluations)
        The smallest scores that the best is at most with these probabilities, after 1, 2, ... evaluations.

    Examples
    --------
    >>> from skpbnas.metrics import random_search_quantiles
    >>> random_search_quantiles([0.1, 0.2, 0.3, 0.4], 4, [0.5])
    array([[0.2, 0.3, 0.4, 0.4]])
    """
    ascending = np.sort(np.asarray(scores, dtype=np.float64))
    K = len(ascending)
    if not 1 <= n_evaluations <= K:
        raise ValueError(f"n_evaluations={n_evaluations} does not fit {K} scores; give 1 to {K}")
    q = np.asarray(quantiles, dtype=np.float64)[:, None]
    if not ((q > 0) & (q <= 1)).all():
        raise ValueError(f"quantiles={list(quantiles)} is not allowed; give numbers above 0, and at most 1")
    k = np.arange(1, n_evaluations + 1)

    def log_choose(n: ArrayLike) -> NDArray[np.float64]:
        return gammaln(np.add(n, 1)) - gammaln(k + 1) - gammaln(np.subtract(n, k) + 1)

    # The smallest i with C(i, k) >= q C(K, k), by bisection; the logarithms are good to about 1e-9.
    least = np.log(q) + log_choose(K) - 1e-9
    low, high = np.broadcast_to(k, least.shape), np.full(least.shape, K)
    while (low < high).any():
        middle = (low + high) // 2
        enough = log_choose(middle) >= least
        low, high = np.where(enough, low, middle + 1), np.where(enough, middle, high)
    return ascending[high - 1]
