"""Numbers of docs/known.rst."""

from . import ceiling, identity, proxies, proxy_search, transfer

EXPERIMENTS = (
    ceiling.EXPERIMENT,
    identity.EXPERIMENT,
    proxies.EXPERIMENT,
    proxy_search.EXPERIMENT,
    transfer.EXPERIMENT,
)
