"""Choices that are codes: numbers without an order."""

from __future__ import annotations

from typing import Any


class Unordered(tuple[Any, ...]):
    """Choices of a layer without an order, whatever they are.

    Examples
    --------
    >>> from skpbnas.spaces import ChainSpace, Unordered
    >>> blocks = ChainSpace([Unordered([0, 1, 2])] * 8)  # the numbers of three kinds of blocks
    >>> blocks.decode(blocks.encode([(0, 1, 2, 2, 1, 0, 0, 1)]))
    [(0, 1, 2, 2, 1, 0, 0, 1)]
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Unordered({list(self)})"
