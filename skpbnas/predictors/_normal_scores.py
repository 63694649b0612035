"""The scale on which predictors of different kinds can be averaged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata


class NormalScores:
    """Maps targets to the value that their rank has in a standard normal sample, and back.

    Neither outliers nor the unit of the targets matter on this scale.
    """

    def __init__(self, y: NDArray[np.float64]) -> None:
        self.values = norm.ppf((rankdata(y) - 0.5) / len(y))  # of y, in its order
        self._targets, first = np.unique(y, return_index=True)
        self._scores = self.values[first]

    def transform(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map values on the scale of y to scores: linear between the targets, and on from the ends."""
        return _piecewise_linear(self._targets, self._scores, y)

    def inverse(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map scores to the scale of y: linear between the targets, and on from the ends."""
        return _piecewise_linear(self._scores, self._targets, scores)


def _piecewise_linear(
    x: NDArray[np.float64], y: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the line through increasing points at some values, with the slopes of its ends beyond them."""
    if len(x) == 1:
        return y[0] + (values - x[0])  # one target tells no unit
    segment = np.clip(np.searchsorted(x, values) - 1, 0, len(x) - 2)
    slope = (y[segment + 1] - y[segment]) / (x[segment + 1] - x[segment])
    return y[segment] + slope * (values - x[segment])
