"""Drawings of architectures."""

from benchmarks.drawings import nasbench101

EXPERIMENTS = (nasbench101.EXPERIMENT,)
