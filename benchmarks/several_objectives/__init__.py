"""Numbers of docs/several_objectives.rst."""

from . import fronts

EXPERIMENTS = (fronts.EXPERIMENT,)
