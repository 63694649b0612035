"""Numbers of docs/optuna_samplers.rst."""

from . import many_trials, perceptrons, random_targets, samplers, studies, targets

EXPERIMENTS = (
    samplers.EXPERIMENT,
    many_trials.EXPERIMENT,
    perceptrons.EXPERIMENT,
    random_targets.EXPERIMENT,
    studies.EXPERIMENT,
    targets.EXPERIMENT,
)
