"""The score of a predictor: how well it ranks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kendalltau
from sklearn.utils import check_array, check_consistent_length, column_or_1d


def kendall_score(y: ArrayLike, predictions: NDArray[np.float64]) -> float:
    """Return Kendall's tau between predictions and y; 0 where either is constant."""
    targets = column_or_1d(check_array(y, ensure_2d=False, dtype=np.float64, input_name="y"))
    check_consistent_length(targets, predictions)
    if np.ptp(targets) == 0 or np.ptp(predictions) == 0:
        return 0.0
    return float(kendalltau(targets, predictions).statistic)
