"""Cells that were, or are, really trained on handwritten digits."""

from ._cells import DigitsObjective, load_digits_cells

__all__ = ["DigitsObjective", "load_digits_cells"]
