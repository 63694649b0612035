"""The search as a sampler of Optuna: ``optuna.create_study(sampler=PBNASSampler())``."""

from ._repeats import enqueue_repeats, recommend_architecture
from ._sampler import PBNASSampler

__all__ = ["PBNASSampler", "enqueue_repeats", "recommend_architecture"]
