"""Tables of trained architectures, and objectives that train them."""

from ._tabular import TableObjective, TabularBenchmark

__all__ = ["TableObjective", "TabularBenchmark"]
