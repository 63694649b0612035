"""Numbers of docs/networks.rst."""

from . import shared_weights

EXPERIMENTS = (shared_weights.EXPERIMENT,)
