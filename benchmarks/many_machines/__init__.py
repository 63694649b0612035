"""Numbers of docs/many_machines.rst."""

from . import asynchronous, one_study, simulation, storage, training_times

EXPERIMENTS = (
    asynchronous.EXPERIMENT,
    training_times.EXPERIMENT,
    one_study.EXPERIMENT,
    storage.EXPERIMENT,
    simulation.EXPERIMENT,
)
