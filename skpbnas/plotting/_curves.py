"""What a search has reached, over the number of evaluations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..metrics import hypervolume_curve
from ._axes import axes_or_new
from ._convergence import draw_oracle, draw_runs
from ._histories import frames, named, scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_convergence(
    histories: Mapping[str, pd.DataFrame | Sequence[pd.DataFrame]],
    oracle: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the best score so far over the number of evaluations.

    Parameters
    ----------
    histories : mapping of str to DataFrame or sequence of DataFrame
        The ``history_`` of one run, or of several runs, per method. Several runs are drawn as their median
        and the band between their quartiles.
    oracle : float, default=None
        The best score that exists, where it is known; drawn as a line.
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes

    See Also
    --------
    ConvergenceDisplay : Draws searches themselves, with a control and every evaluation.
    """
    curves = {
        name: [frame.set_index("evaluation")["best_score"] for frame in frames(runs)]
        for name, runs in histories.items()
    }
    ax = _draw_curves(curves, axes_or_new(ax))
    if oracle is not None:
        draw_oracle(ax, oracle)
    ax.set(ylabel="best score so far")
    ax.legend(frameon=False)
    return ax


def plot_hypervolume(
    histories: Mapping[str, pd.DataFrame | Sequence[pd.DataFrame]],
    reference: Sequence[float] | Mapping[str, float],
    ax: Axes | None = None,
) -> Axes:
    """Draw how much the evaluations dominate over their number, for searches for several objectives.

    Parameters
    ----------
    histories : mapping of str to DataFrame or sequence of DataFrame
        As for :func:`plot_convergence`.
    reference : sequence of float, or mapping of str to float
        The worst value of each objective that counts. By the name of a column where there are costs, such as
        ``{"score": 0.9, "parameters": 50_000}``.
    ax : matplotlib Axes, default=None

    Returns
    -------
    matplotlib Axes
    """
    curves = {
        name: [pd.Series(_hypervolumes(frame, reference), frame["evaluation"]) for frame in frames(runs)]
        for name, runs in histories.items()
    }
    ax = _draw_curves(curves, axes_or_new(ax))
    ax.set(ylabel="hypervolume")
    ax.legend(frameon=False)
    return ax


def _hypervolumes(
    frame: pd.DataFrame, reference: Sequence[float] | Mapping[str, float]
) -> NDArray[np.float64]:
    if not isinstance(reference, Mapping):
        return hypervolume_curve(scores(frame), reference)
    values, is_cost = named(frame, list(reference))
    signs = np.where(is_cost, -1.0, 1.0)
    return hypervolume_curve(values * signs, np.array(list(reference.values())) * signs)


def _draw_curves(curves: Mapping[str, Sequence[pd.Series]], ax: Axes) -> Axes:
    for k, (name, runs) in enumerate(curves.items()):
        draw_runs(ax, runs, name, k)
    ax.set(xlabel="evaluated architectures")
    if ax.get_xscale() == "linear":
        ax.locator_params(axis="x", integer=True)
    return ax
