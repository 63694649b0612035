"""Distributions of true scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ._axes import COLOURS, LINE_STYLES, axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_score_distribution(scores: Mapping[str, ArrayLike], ax: Axes | None = None, bins: int = 50) -> Axes:
    """Draw the distributions of true scores, such as those of a space, a pool and a batch (figure 2).

    Parameters
    ----------
    scores : mapping of str to array-like
        The scores of each group; each distribution integrates to one.
    ax : matplotlib Axes, default=None
    bins : int, default=50
        Number of bins, shared by all groups.

    Returns
    -------
    matplotlib Axes
    """
    ax = axes_or_new(ax)
    values = {name: np.asarray(group, dtype=float) for name, group in scores.items()}
    edges = np.histogram_bin_edges(np.concatenate(list(values.values())), bins=bins)
    for k, (name, group) in enumerate(values.items()):
        colour, style = COLOURS[k % len(COLOURS)], LINE_STYLES[k % len(LINE_STYLES)]
        options: dict[str, Any] = {"density": True, "histtype": "step", "linewidth": 1.5}
        ax.hist(group, edges.tolist(), color=colour, linestyle=style, label=name, **options)
    ax.set(xlabel="score", ylabel="density")
    ax.legend(frameon=False)
    return ax
