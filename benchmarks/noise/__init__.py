"""Numbers of docs/noise.rst."""

from . import finals

EXPERIMENTS = (finals.EXPERIMENT,)
