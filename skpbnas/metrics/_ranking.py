"""How well predictions rank architectures, and scorers for scikit-learn's cross-validation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kendalltau, spearmanr
from sklearn.metrics import make_scorer
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.validation import check_array


def kendall_tau(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return Kendall's tau-b: the share of concordant minus that of discordant pairs, corrected for ties.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted scores, higher is better.

    Returns
    -------
    float
        From -1 to 1; 0 where either is constant.

    Examples
    --------
    >>> from skpbnas.metrics import kendall_tau
    >>> round(kendall_tau([1, 2, 3, 4], [1, 3, 2, 4]), 3)
    0.667
    """
    true, predicted = _pair(y_true, y_pred)
    return _zero_if_undefined(true, predicted, kendalltau)


def spearman_rho(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return Spearman's rank correlation.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted scores, higher is better.

    Returns
    -------
    float
        From -1 to 1; 0 where either is constant.
    """
    true, predicted = _pair(y_true, y_pred)
    return _zero_if_undefined(true, predicted, spearmanr)


def precision_at_k(y_true: ArrayLike, y_pred: ArrayLike, k: int = 10) -> float:
    """Return the share of the k architectures predicted best that are among the k truly best.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted scores, higher is better.
    k : int, default=10
        At most n.

    Returns
    -------
    float
        From 0 to 1. Among architectures whose prediction ties at the k-th place, the expectation over a
        random choice is taken, so that a constant predictor scores no better than chance. All whose true
        score ties at the k-th place count as truly best.
    """
    true, predicted = _pair(y_true, y_pred)
    _check_k(k, len(true))
    good = true >= np.sort(true)[-k]
    threshold = np.sort(predicted)[-k]
    above, tied = predicted > threshold, predicted == threshold
    expected = good[above].sum() + (k - above.sum()) * good[tied].mean()
    return float(min(expected / k, 1.0))


def best_rank_at_k(y_true: ArrayLike, y_pred: ArrayLike, k: int = 10) -> float:
    """Return the best true rank among the k architectures predicted best; 1 is the best of all.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted scores, higher is better.
    k : int, default=10
        At most n.

    Returns
    -------
    float
        From 1 to n - k + 1. Where predictions tie at the k-th place, the worst choice among them is assumed.
    """
    true, predicted = _pair(y_true, y_pred)
    _check_k(k, len(true))
    order = np.lexsort((true, -predicted))  # among equal predictions the truly worst first
    best = true[order[:k]].max()
    return float(1 + np.count_nonzero(true > best))


def _pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    true, predicted = (
        column_or_1d(check_array(y, ensure_2d=False, dtype=np.float64, input_name=name))
        for y, name in ((y_true, "y_true"), (y_pred, "y_pred"))
    )
    check_consistent_length(true, predicted)
    return true, predicted


def _zero_if_undefined(true: NDArray, predicted: NDArray, correlation: Callable[..., Any]) -> float:
    if np.ptp(true) == 0 or np.ptp(predicted) == 0:
        return 0.0
    return float(correlation(true, predicted).statistic)


def _check_k(k: int, n: int) -> None:
    if not 1 <= k <= n:
        raise ValueError(f"k={k} is not allowed for {n} architectures; give a number from 1 to {n}")


# For cross_val_score and its like: greater is better, so that a best rank comes out negative.
kendall_tau_scorer = make_scorer(kendall_tau)
spearman_rho_scorer = make_scorer(spearman_rho)
precision_at_k_scorer = make_scorer(precision_at_k)
best_rank_at_k_scorer = make_scorer(best_rank_at_k, greater_is_better=False)
