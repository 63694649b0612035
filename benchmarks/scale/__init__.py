"""Numbers of docs/scale.rst."""

from . import chains, product

EXPERIMENTS = (chains.EXPERIMENT, product.EXPERIMENT)
