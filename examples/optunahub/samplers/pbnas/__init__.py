"""The package ``samplers/pbnas`` of OptunaHub."""

from skpbnas import PBNASSampler

__all__ = ["PBNASSampler"]
