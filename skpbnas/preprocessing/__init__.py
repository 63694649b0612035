"""From objects to rows."""

from ._encoder import ArchitectureEncoder

__all__ = ["ArchitectureEncoder"]
