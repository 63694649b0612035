"""Columns of a row that mean something in their place, beside the graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_WIDTH = 0.2  # of the window around a place, as a share of all: a standard deviation
_GRAPH = ("edge", "node", "part")


class PlacedColumns:
    """The columns that are not a part of the graph alone, and how much there is of a feature around each.

    What an operation does changes slowly along a network. So every feature of layers, or of fixed places, is
    also summed over those around each one, with normal weights whose standard deviation is a fifth of them.

    Parameters
    ----------
    roles : sequence of str
        Of the columns of a row, as ``space.get_roles_out()`` has them, and of further columns.
    names : sequence of str
        Of the same columns.
    """

    def __init__(self, roles: Sequence[str], names: Sequence[str]) -> None:
        own = [k for k, role in enumerate(roles) if role not in _GRAPH]
        self._own = np.array(own, np.intp)
        self._along: list[NDArray[np.intp]] = []  # the columns of each feature, in the order of the places
        self.roles, self.names = [roles[k] for k in own], [str(names[k]) for k in own]
        for role in dict.fromkeys(role for role in roles if role.startswith(("layer ", "place "))):
            columns = [k for k, other in enumerate(roles) if other == role]
            self._along.append(np.array(columns, np.intp))
            self.roles += [f"near {role}"] * len(columns)
            self.names += [f"near_{k}_{role.partition(' ')[2]}" for k in range(len(columns))]

    def transform(self, X: NDArray) -> NDArray:
        """Return the columns and then the sums around each, shape ``(n, len(names))``."""
        near = [X[:, columns] @ window(len(columns)) for columns in self._along]
        return np.concatenate([X[:, self._own], *near], axis=1)


def window(n: int) -> NDArray[np.float64]:
    """Return what each of n places counts in the sum around each other, shape ``(n, n)``."""
    apart = np.subtract.outer(np.arange(n), np.arange(n))
    return np.exp(-0.5 * (apart / (_WIDTH * n)) ** 2)


def has_graph(roles: Sequence[str]) -> bool:
    """Tell whether the graph tells something that the columns of layers and parameters do not."""
    return "part" not in roles


def is_chain(roles: Sequence[str]) -> bool:
    """Tell whether the graph is one path of layers, each with a place of its own."""
    return all(role == "edge" or role.startswith("layer ") for role in roles)
