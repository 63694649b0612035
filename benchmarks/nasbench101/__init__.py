"""Numbers of docs/nasbench101.rst."""

EXPERIMENTS = ()
