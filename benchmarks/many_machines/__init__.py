"""Numbers of docs/many_machines.rst."""

from . import asynchronous, one_study, training_times

EXPERIMENTS = (asynchronous.EXPERIMENT, training_times.EXPERIMENT, one_study.EXPERIMENT)
