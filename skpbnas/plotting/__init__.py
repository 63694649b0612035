"""Pictures of searches and architectures. They need the extra ``skpbnas[plot]``.

The displays have the form of scikit-learn's: ``from_search(search)`` draws, and returns the display with its
``ax_`` and ``figure_``; ``plot`` draws it again elsewhere.
"""

from ._architecture import plot_architecture, plot_cell
from ._axes import COLOURS, LINE_STYLES
from ._convergence import ConvergenceDisplay
from ._curves import plot_convergence, plot_hypervolume
from ._distribution import plot_score_distribution
from ._front import ParetoFrontDisplay, plot_pareto_front
from ._importance import ImportanceDisplay
from ._pool import PoolDisplay
from ._predictions import IntervalCalibrationDisplay, PredictionDisplay

__all__ = [
    "COLOURS",
    "LINE_STYLES",
    "ConvergenceDisplay",
    "ImportanceDisplay",
    "IntervalCalibrationDisplay",
    "ParetoFrontDisplay",
    "PoolDisplay",
    "PredictionDisplay",
    "plot_architecture",
    "plot_cell",
    "plot_convergence",
    "plot_hypervolume",
    "plot_pareto_front",
    "plot_score_distribution",
]
