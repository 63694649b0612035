"""The cells that everything is measured on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skpbnas import NASBench101Space

SPACE = NASBench101Space()


def labelled(n: int) -> tuple[NDArray, NDArray]:
    """Return random cells with a made-up score: training takes the same time with any."""
    rng = np.random.default_rng(n)
    X = SPACE.enumerate()[rng.choice(len(SPACE), n, replace=False)]
    return X, X @ rng.normal(size=X.shape[1]) + rng.normal(size=n)
