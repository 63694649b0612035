"""Numbers of docs/reliability.rst."""

from . import kills

EXPERIMENTS = (kills.EXPERIMENT,)
