"""Numbers of docs/known.rst."""

from . import identity, proxies, transfer

EXPERIMENTS = (identity.EXPERIMENT, proxies.EXPERIMENT, transfer.EXPERIMENT)
