"""Targets by their values, where the worst are not much worse than bad."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Values:
    """Maps targets to values of mean 0 and variance 1, and back.

    The best three quarters keep their distances. Below them, by more than their range, distances count
    logarithmically: a training that diverged says no more than that.
    """

    def __init__(self, y: NDArray[np.float64]) -> None:
        self._low = float(np.quantile(y, 0.25))
        self._range = float(y.max()) - self._low or 1.0
        pressed = self._press(y)
        self._mean, self._spread = float(pressed.mean()), float(pressed.std()) or 1.0
        self.values = (pressed - self._mean) / self._spread

    def _press(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        place = (y - self._low) / self._range
        return np.where(place < -1, -1 - np.log1p(np.maximum(-1 - place, 0)), place)

    def inverse(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map scores to the scale of y."""
        pressed = scores * self._spread + self._mean
        place = np.where(pressed < -1, -1 - np.expm1(np.clip(-1 - pressed, 0, 300)), pressed)
        return self._low + place * self._range
