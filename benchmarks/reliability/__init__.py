"""Numbers of docs/reliability.rst."""

from . import kills, mutants, power_loss, soak

EXPERIMENTS = (kills.EXPERIMENT, power_loss.EXPERIMENT, soak.EXPERIMENT, mutants.EXPERIMENT)
