"""The search as a sampler of Optuna: ``optuna.create_study(sampler=PBNASSampler())``."""

from ._sampler import PBNASSampler

__all__ = ["PBNASSampler"]
