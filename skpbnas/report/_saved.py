"""How many trainings a search has saved, where that can be known."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..metrics import random_search_quantiles


class Saved(NamedTuple):
    """How many trainings a search needed for a score, and another way to find it.

    Attributes
    ----------
    score : float
    search, other : int
    seconds : float or None
        What the difference takes, at the mean time of a training; None where that is not known.
    """

    score: float
    search: int
    other: int
    seconds: float | None


def against_random(history: pd.DataFrame, all_scores: NDArray[np.float64]) -> Saved:
    """Compare with half of all random searches: what they need for the best score that was found."""
    score, search = _best(history)
    n = len(all_scores)
    # The median random search has found it after so many: its best is at least the score.
    (median,) = random_search_quantiles(all_scores, n, [0.5])
    return Saved(score, search, int(np.argmax(median >= score)) + 1, None)


def against_control(history: pd.DataFrame, control: pd.DataFrame) -> Saved:
    """Compare with one other search, for the best score that both have reached."""
    best = pd.Series([_best(history)[0], _best(control)[0]]).min()
    search, other = (_reached(one, float(best)) for one in (history, control))
    seconds = history["evaluation_seconds"].mean()
    return Saved(float(best), search, other, None if np.isnan(seconds) else float(seconds * (other - search)))


def _best(history: pd.DataFrame) -> tuple[float, int]:
    score = float(history["score"].max())
    return score, _reached(history, score)


def _reached(history: pd.DataFrame, score: float) -> int:
    at: Any = (history["score"] >= score).to_numpy().argmax()
    return int(history["evaluation"].iloc[at])
