"""NAS-Bench-201 as a table."""

from ._load import load_nasbench201

__all__ = ["load_nasbench201"]
