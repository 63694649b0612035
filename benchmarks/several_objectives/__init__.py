"""Numbers of docs/several_objectives.rst."""

from . import fronts, hardware, latency, limit

EXPERIMENTS = (fronts.EXPERIMENT, hardware.EXPERIMENT, latency.EXPERIMENT, limit.EXPERIMENT)
