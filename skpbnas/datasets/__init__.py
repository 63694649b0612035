"""Tables of trained architectures, and objectives that train them."""

from ._digits_cells import DigitsObjective, load_digits_cells
from ._tabular import TableObjective, TabularBenchmark

__all__ = ["DigitsObjective", "TableObjective", "TabularBenchmark", "load_digits_cells"]
