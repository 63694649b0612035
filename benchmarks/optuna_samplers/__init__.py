"""Numbers of docs/optuna_samplers.rst."""

from . import many_trials, samplers

EXPERIMENTS = (samplers.EXPERIMENT, many_trials.EXPERIMENT)
