"""Numbers of docs/known.rst."""

from . import proxies, transfer

EXPERIMENTS = (proxies.EXPERIMENT, transfer.EXPERIMENT)
