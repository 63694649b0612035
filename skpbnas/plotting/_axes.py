"""Colours, lines and axes of all pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, cast

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe-Ito colours and line styles: told apart by the colour-blind and in grey print.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))


def axes_or_new(ax: Axes | None) -> Axes:
    """Return the axes, or new ones; raise an ImportError that names the extra without matplotlib."""
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("pictures need matplotlib; install it with: pip install 'skpbnas[plot]'") from error
    return plt.subplots(layout="constrained")[1]


class Display:
    """A picture that was drawn: ``ax_`` and ``figure_``, as scikit-learn's displays have them."""

    ax_: Axes
    figure_: Figure

    def _drawn(self, ax: Axes) -> Self:
        self.ax_, self.figure_ = ax, cast("Figure", ax.get_figure())
        return self
