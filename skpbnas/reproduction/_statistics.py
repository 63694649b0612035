"""Means over runs with their confidence intervals, and paired tests."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

FEWEST = 3  # runs that an interval is shown for, and a verdict given on


class Estimate(NamedTuple):
    """A mean over runs, and its 95 % confidence interval (Student's t; NaN for a single run)."""

    mean: float
    low: float
    high: float
    n: int


def estimate(values: ArrayLike) -> Estimate:
    """Return the mean of independent runs with its confidence interval."""
    x = np.asarray(values, np.float64)
    n = len(x)
    if n == 0:
        return Estimate(np.nan, np.nan, np.nan, 0)
    mean = float(x.mean())
    if n == 1:
        return Estimate(mean, np.nan, np.nan, 1)
    half = float(stats.t.ppf(0.975, n - 1) * x.std(ddof=1) / np.sqrt(n))
    return Estimate(mean, mean - half, mean + half, n)


def paired_p(values: ArrayLike, others: ArrayLike) -> float:
    """Return the two-sided p of a paired t-test; NaN for fewer than two pairs, 1 where no pair differs."""
    difference = np.asarray(values, np.float64) - np.asarray(others, np.float64)
    if len(difference) < 2:
        return float("nan")
    if np.ptp(difference) == 0:
        return 1.0 if difference[0] == 0 else 0.0
    return float(stats.ttest_1samp(difference, 0).pvalue)
