"""Numbers of docs/search_methods.rst."""

from . import (
    choosing,
    exploration,
    few_labels,
    first_fifty,
    half_trainings,
    hidden,
    methods,
    network,
    other_spaces,
    single_best,
    smoother,
)

EXPERIMENTS = (
    methods.EXPERIMENT,
    exploration.EXPERIMENT,
    first_fifty.EXPERIMENT,
    few_labels.EXPERIMENT,
    smoother.EXPERIMENT,
    choosing.EXPERIMENT,
    single_best.EXPERIMENT,
    hidden.EXPERIMENT,
    network.EXPERIMENT,
    other_spaces.EXPERIMENT,
    half_trainings.EXPERIMENT,
)
