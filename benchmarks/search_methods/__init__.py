"""Numbers of docs/search_methods.rst."""

from . import methods

EXPERIMENTS = (methods.EXPERIMENT,)
