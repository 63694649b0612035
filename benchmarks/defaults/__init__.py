"""Numbers of docs/defaults.rst."""

from . import ranking

EXPERIMENTS = (ranking.EXPERIMENT,)
