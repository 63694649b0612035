"""Pictures of searches and architectures. They need the extra ``skpbnas[plot]``."""

from ._architecture import plot_architecture, plot_cell
from ._axes import COLOURS, LINE_STYLES
from ._curves import plot_convergence, plot_hypervolume
from ._distribution import plot_score_distribution
from ._front import plot_pareto_front

__all__ = [
    "COLOURS",
    "LINE_STYLES",
    "plot_architecture",
    "plot_cell",
    "plot_convergence",
    "plot_hypervolume",
    "plot_pareto_front",
    "plot_score_distribution",
]
