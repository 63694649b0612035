"""Numbers of docs/ranking.rst."""

from . import ablations, nasbench101, other_spaces, read_out

EXPERIMENTS = (nasbench101.EXPERIMENT, other_spaces.EXPERIMENT, ablations.EXPERIMENT, read_out.EXPERIMENT)
