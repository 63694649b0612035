"""Numbers of docs/digits_cells.rst."""

from . import statistics

EXPERIMENTS = (statistics.EXPERIMENT,)
