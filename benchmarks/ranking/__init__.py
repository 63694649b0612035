"""Numbers of docs/ranking.rst."""

from . import ablations, nasbench101, other_spaces, published, read_out

EXPERIMENTS = (
    nasbench101.EXPERIMENT,
    published.EXPERIMENT,
    other_spaces.EXPERIMENT,
    ablations.EXPERIMENT,
    read_out.EXPERIMENT,
)
