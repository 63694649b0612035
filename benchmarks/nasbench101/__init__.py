"""Numbers of docs/nasbench101.rst."""

from . import reading

EXPERIMENTS = (reading.EXPERIMENT,)
