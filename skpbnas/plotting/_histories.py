"""How pictures read histories."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def frames(runs: pd.DataFrame | Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    return [runs] if isinstance(runs, pd.DataFrame) else list(runs)


def scores(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return the scores of a history of several objectives, (n, n_objectives)."""
    return frame.filter(regex=r"^score_\d+$").to_numpy()
