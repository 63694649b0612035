"""Numbers of docs/search_methods.rst."""

from . import choosing, exploration, half_trainings, hidden, methods, network, other_spaces, single_best

EXPERIMENTS = (
    methods.EXPERIMENT,
    exploration.EXPERIMENT,
    choosing.EXPERIMENT,
    single_best.EXPERIMENT,
    hidden.EXPERIMENT,
    network.EXPERIMENT,
    other_spaces.EXPERIMENT,
    half_trainings.EXPERIMENT,
)
