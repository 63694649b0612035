"""What a predictor learns from the trials of a study: one score per trial and objective, higher is better."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState


def scores(
    trials: Sequence[FrozenTrial], directions: Sequence[StudyDirection], front: bool = False
) -> NDArray[np.float64]:
    """Return the scores, NaN where there is nothing to learn.

    The values of complete, feasible trials, signed. Infinite ones become the largest or the smallest finite
    one. Below them are, in this order, pruned trials by their last step and its value (with one objective),
    and infeasible trials by the sum of their violations.

    Parameters
    ----------
    trials : sequence of FrozenTrial
    directions : sequence of StudyDirection
    front : bool, default=False
        Whether the one objective stands beside costs. A pruned trial then counts with its last value.

    Returns
    -------
    ndarray of shape (n_trials,) or (n_trials, n_objectives)
    """
    signs = [1.0 if direction == StudyDirection.MAXIMIZE else -1.0 for direction in directions]
    y = np.full((len(trials), len(signs)), np.nan)
    below: dict[int, tuple[float, ...]] = {}  # trials that are below all others, by what they are sorted by
    for k, trial in enumerate(trials):
        violation = sum(max(value, 0.0) for value in constraints(trial.system_attrs))
        if violation > 0 and trial.state in (TrialState.COMPLETE, TrialState.PRUNED):
            below[k] = (0, -violation)
        elif trial.state == TrialState.COMPLETE:
            y[k] = trial.values
        elif trial.state == TrialState.PRUNED and trial.last_step is not None and len(signs) == 1:
            value = signs[0] * trial.intermediate_values[trial.last_step]
            if front and not isnan(value):
                y[k] = signs[0] * value
                continue
            below[k] = (1, trial.last_step, -np.inf if isnan(value) else value)
    y *= signs
    low, high = _finite_range(y)
    y = np.clip(y, low, high)
    steps = {place: k + 1 for k, place in enumerate(sorted(set(below.values()), reverse=True))}
    height = np.where(high > low, high - low, 1) / max(len(steps), 1)
    for k, place in below.items():
        y[k] = low - steps[place] * height
    return y[:, 0] if len(signs) == 1 else y


def constraints(attributes: Any) -> list[float]:
    """Return the constraints of a trial; those above 0 are violated."""
    values = [value for name, value in attributes.items() if name.startswith("constraints:")]  # Optuna 5
    return values + list(attributes.get("constraints") or ())  # and before


def _finite_range(y: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """Return the smallest and the largest finite value of each column; 0 where there is none."""
    finite = np.isfinite(y)
    low = np.where(finite, y, np.inf).min(axis=0, initial=np.inf)
    high = np.where(finite, y, -np.inf).max(axis=0, initial=-np.inf)
    some = finite.any(axis=0)
    return np.where(some, low, 0.0), np.where(some, high, 0.0)
