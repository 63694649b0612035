"""How pictures read histories."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def frames(runs: pd.DataFrame | Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    return [runs] if isinstance(runs, pd.DataFrame) else list(runs)


def named(frame: pd.DataFrame, names: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the columns of a history, (n, n_names), and which of them are costs, of which less is better."""
    missing = [name for name in names if name not in frame]
    if missing:
        raise ValueError(
            f"the history has no column {missing[0]!r}; it has {', '.join(map(str, frame.columns))}"
        )
    return frame[list(names)].to_numpy(np.float64), np.array([not name.startswith("score") for name in names])


def scores(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return the scores of a history of several objectives, (n, n_objectives)."""
    return frame.filter(regex=r"^score_\d+$").to_numpy()
