"""Numbers of docs/noise.rst."""

from . import before, during, finals

EXPERIMENTS = (finals.EXPERIMENT, before.EXPERIMENT, during.EXPERIMENT)
