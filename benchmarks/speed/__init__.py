"""Numbers of docs/speed.rst."""

from . import cases

EXPERIMENTS = (cases.EXPERIMENT,)
