"""Numbers of docs/several_objectives.rst."""

from . import fronts, hardware

EXPERIMENTS = (fronts.EXPERIMENT, hardware.EXPERIMENT)
