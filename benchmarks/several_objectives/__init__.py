"""Numbers of docs/several_objectives.rst."""

from . import fronts, hardware, latency, limit, pruning

EXPERIMENTS = (
    fronts.EXPERIMENT,
    hardware.EXPERIMENT,
    latency.EXPERIMENT,
    limit.EXPERIMENT,
    pruning.EXPERIMENT,
)
