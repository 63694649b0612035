"""Numbers of docs/search_methods.rst."""

from . import exploration, half_trainings, methods, network, other_spaces, single_best

EXPERIMENTS = (
    methods.EXPERIMENT,
    exploration.EXPERIMENT,
    single_best.EXPERIMENT,
    network.EXPERIMENT,
    other_spaces.EXPERIMENT,
    half_trainings.EXPERIMENT,
)
