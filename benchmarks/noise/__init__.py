"""Numbers of docs/noise.rst."""

from . import during, finals, settings

EXPERIMENTS = (finals.EXPERIMENT, during.EXPERIMENT, settings.EXPERIMENT)
