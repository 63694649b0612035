"""Numbers of docs/noise.rst."""

from . import during, finals

EXPERIMENTS = (finals.EXPERIMENT, during.EXPERIMENT)
