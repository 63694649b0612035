"""From objects to rows, and from rows to descriptors of their graphs."""

from ._descriptors import GraphDescriptors
from ._encoder import ArchitectureEncoder

__all__ = ["ArchitectureEncoder", "GraphDescriptors"]
