"""Architectures as one line of text, for tables."""

import numpy as np
import pytest

from skpbnas.spaces import Cell
from skpbnas.spaces._base import one_line

CELL = Cell(np.triu(np.ones((3, 3), int), 1), ["input", "conv", "output"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (CELL, CELL.describe()),
        ({"rate": 0.123456789, "cell": CELL}, f"rate = 0.123457, cell = {CELL.describe()}"),
        ((1, 2.0, None), "1, 2, -"),
        ("two\n  lines", "two lines"),
    ],
)
def test_every_part_is_on_the_line(value, text):
    assert one_line(value) == text and "\n" not in text
