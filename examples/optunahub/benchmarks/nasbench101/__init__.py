"""The package ``benchmarks/nasbench101`` of OptunaHub."""

from ._nasbench101 import Problem

__all__ = ["Problem"]
