"""Numbers of docs/many_machines.rst."""

from . import asynchronous, training_times

EXPERIMENTS = (asynchronous.EXPERIMENT, training_times.EXPERIMENT)
