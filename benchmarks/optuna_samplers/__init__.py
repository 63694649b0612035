"""Numbers of docs/optuna_samplers.rst."""

from . import samplers

EXPERIMENTS = (samplers.EXPERIMENT,)
