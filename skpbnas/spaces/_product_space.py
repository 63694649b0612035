"""Products of spaces: one architecture of each part, in one row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._rows import as_rows, column_names, column_roles, join_rows, reordered, split_rows
from ..drawing import Diagram
from ._base import Rows, SearchSpace, Seed
from ._keys import mix_columns

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

_MAX_LISTED, _MAX_LISTED_ELEMENTS = 1_000_000, 2**27


class ProductSpace(SearchSpace):
    """Architectures made of several parts, each from a space of its own: a cell, widths, a learning rate.

    Parameters
    ----------
    spaces : mapping of str to SearchSpace
        The space of each part, by name.

    Notes
    -----
    A row is one graph: those of the parts, each of whose sinks feeds each source of the next part. A node
    has an indicator for each part, named like the part, that tells where it belongs; then the features of
    each part, ``{part}.{feature}``, zero where the node belongs to another one. A part without a graph is a
    single node. An architecture is a dictionary with one of each part; Optuna's parameters are
    ``{part}.{parameter}``.

    Examples
    --------
    >>> import numpy as np
    >>> from skpbnas.spaces import CellSpace, ChainSpace, ProductSpace
    >>> cells, widths = CellSpace(4, ["conv", "pool"]), ChainSpace([[8, 16, 32]] * 2)
    >>> space = ProductSpace({"cell": cells, "widths": widths})
    >>> len(space)
    387
    >>> X = space.sample(2, np.random.default_rng(0))
    >>> sorted(space.decode(X)[0])
    ['cell', 'widths']
    """

    def __init__(self, spaces: Mapping[str, SearchSpace]) -> None:
        if not spaces:
            raise ValueError("spaces is empty; give at least one part")
        wrong = [name for name, space in spaces.items() if not isinstance(space, SearchSpace)]
        if wrong:
            raise TypeError(
                f"spaces[{wrong[0]!r}]={spaces[wrong[0]]!r} is not a SearchSpace; give spaces only"
            )
        self.spaces = dict(spaces)
        parts = list(self.spaces.values())
        n_nodes, n_features = [[0, *np.cumsum(sizes)] for sizes in zip(*map(_sizes, parts), strict=True)]
        self.n_nodes = int(n_nodes[-1])
        self.n_node_features = len(parts) + int(n_features[-1])
        self._nodes = [slice(*pair) for pair in zip(n_nodes[:-1], n_nodes[1:], strict=True)]
        self._features = [
            slice(len(parts) + start, len(parts) + end)
            for start, end in zip(n_features[:-1], n_features[1:], strict=True)
        ]

    def __repr__(self) -> str:
        return f"ProductSpace({self.spaces!r})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def get_feature_names_out(self) -> NDArray[np.object_]:
        """Return the column names, ``adjacency_{i}_{j}`` and then ``node_{i}_{feature}``."""
        features = list(self.spaces)
        for name, space in self.spaces.items():
            last = space.get_feature_names_out()[-space.n_node_features :]
            features += [f"{name}.{str(column).split('_', 2)[2]}" for column in last]
        return column_names(self.n_nodes, features)

    def get_roles_out(self) -> list[str]:
        """Return the roles of the columns of each part, as ``"{role} {part}.{feature}"``."""
        roles = np.full((self.n_nodes, self.n_node_features), "node", dtype=object)
        parts = zip(self.spaces.items(), self._nodes, self._features, strict=True)
        for (part, space), nodes, features in parts:
            own = space.get_roles_out()[-space.n_nodes * space.n_node_features :]
            words = [role.partition(" ") for role in own]
            renamed = [f"{role} {part}.{name}" if name else role for role, _, name in words]
            roles[nodes, features] = np.array(renamed, dtype=object).reshape(space.n_nodes, -1)
        return column_roles(self.n_nodes, []) + roles.ravel().tolist()

    # --------------------------------------------------------------------------------- rows and parts

    def _join(self, parts: list[Rows], linked: bool = True) -> Rows:
        """Return the rows of the rows of each part, with the nodes of the parts one after the other."""
        n, L = len(parts[0]), self.n_nodes
        dtype = np.result_type(np.uint8, *parts)
        adjacency = np.zeros((n, L, L), dtype)
        features = np.zeros((n, L, self.n_node_features), dtype)
        before = np.zeros((n, 0), bool)  # the sinks of the part before, and where they stand
        sinks_at = slice(0, 0)
        for k, (space, X) in enumerate(zip(self.spaces.values(), parts, strict=True)):
            nodes = self._nodes[k]
            A, F = split_rows(X, space.n_nodes)
            adjacency[:, nodes, nodes] = A
            features[:, nodes, self._features[k]] = F
            present = (
                (A != 0).any(axis=1) | (A != 0).any(axis=2) | (F != 0).any(axis=2) | (space.n_nodes == 1)
            )
            features[:, nodes, k] = present
            sources, sinks = present & ~(A != 0).any(axis=1), present & ~(A != 0).any(axis=2)
            if linked:
                adjacency[:, sinks_at, nodes] = before[:, :, None] & sources[:, None, :]
            before, sinks_at = sinks, nodes
        return join_rows(adjacency, features)

    def _split(self, X: ArrayLike) -> tuple[list[Rows], NDArray[np.bool_]]:
        """Return the rows of each part of rows in any order of nodes, and which rows are well formed."""
        rows = as_rows(X, self.n_nodes, self.n_node_features)
        finite = np.isfinite(rows).all(axis=1)
        adjacency, features = split_rows(np.where(finite[:, None], rows, 0), self.n_nodes)
        order, whole = self._order(features)
        adjacency, features = reordered(adjacency, features, order)
        parts = self._blocks(adjacency, features)
        return parts, finite & whole & (join_rows(adjacency, features) == self._join(parts)).all(axis=1)

    def _order(self, features: NDArray) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Return the node of each place ``(n, L)``, part after part, and which rows have no node too many."""
        n, L = features.shape[:2]
        order = np.full((n, L), -1)
        used = np.zeros((n, L), bool)
        whole = np.ones(n, bool)
        for k, nodes in enumerate(self._nodes):
            own = (features[:, :, k] != 0) & ~used
            place = nodes.start + np.cumsum(own, axis=1) - 1
            whole &= own.sum(axis=1) <= nodes.stop - nodes.start
            own &= place < nodes.stop
            row, node = np.nonzero(own)
            order[row, place[row, node]] = node
            used |= own
        order[order < 0] = np.nonzero(~used)[1]  # there are as many places left as nodes
        return order, whole

    def _blocks(self, adjacency: NDArray, features: NDArray) -> list[Rows]:
        """Return the rows of each part, from matrices with the parts one after the other."""
        return [
            join_rows(adjacency[:, nodes, nodes], features[:, nodes, columns])
            for nodes, columns in zip(self._nodes, self._features, strict=True)
        ]

    def _parts(self, X: ArrayLike) -> list[Rows]:
        parts, valid = self._split(X)
        for space, part in zip(self.spaces.values(), parts, strict=True):
            valid = valid & space.is_valid(part)
        if not valid.all():
            raise ValueError(
                f"row {np.argmin(valid)} is not valid in {self!r}; pass only rows for which "
                f"space.is_valid is true"
            )
        return parts

    # ------------------------------------------------------------------------------------- contract

    def sample(self, n: int, rng: Seed = None) -> Rows:
        """Draw ``n`` rows, each part on its own."""
        rng = np.random.default_rng(rng)
        return self._join([space.sample(n, rng) for space in self.spaces.values()])

    def mutate(self, X: Rows, probability: float, rng: np.random.Generator) -> Rows:
        """Mutate each part of each row."""
        parts = zip(self.spaces.values(), self._parts(X), strict=True)
        return self._join([space.mutate(part, probability, rng) for space, part in parts])

    def crossover(self, X1: Rows, X2: Rows, rng: np.random.Generator) -> Rows:
        """Cross each part of each pair of rows."""
        parts = zip(self.spaces.values(), self._parts(X1), self._parts(X2), strict=True)
        return self._join([space.crossover(first, second, rng) for space, first, second in parts])

    def is_valid(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Tell for each row whether each of its parts is valid, and linked to the next."""
        parts, valid = self._split(X)
        for space, part in zip(self.spaces.values(), parts, strict=True):
            valid = valid & space.is_valid(part)
        return valid

    def canonical_key(self, X: ArrayLike) -> NDArray[np.uint64]:
        """Return a 64-bit hash of the keys of the parts of each row."""
        parts = zip(self.spaces.values(), self._split(X)[0], strict=True)
        return mix_columns(space.canonical_key(part) for space, part in parts)

    def canonicalize(self, X: ArrayLike) -> Rows:
        """Return each valid row with each part in canonical form."""
        parts = zip(self.spaces.values(), self._parts(X), strict=True)
        return self._join([space.canonicalize(part) for space, part in parts])

    def discretize(self, Z: NDArray[np.floating]) -> Rows:
        """Map real-valued rows to discrete ones, part by part; the links between parts are fixed."""
        blocks = self._blocks(*split_rows(np.asarray(Z), self.n_nodes))
        parts = zip(self.spaces.values(), blocks, strict=True)
        return self._join([space.discretize(block.astype(np.float64)) for space, block in parts])

    def relax(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return shadow matrices of valid rows, the parts one after the other."""
        parts = zip(self.spaces.values(), self._parts(X), strict=True)
        return self._join([space.relax(part) for space, part in parts], linked=False).astype(np.float64)

    def encode(self, architectures: Iterable[Mapping[str, Any]]) -> Rows:
        """Return the rows of dictionaries with one architecture of each part.

        Raises
        ------
        ValueError
            Naming the architecture and what is wrong with it.
        """
        given = list(architectures)
        for k, architecture in enumerate(given):
            if not isinstance(architecture, Mapping) or architecture.keys() != self.spaces.keys():
                raise ValueError(
                    f"architecture {k} is {architecture!r}; give a dictionary with the parts "
                    f"{list(self.spaces)} and no others"
                )
        return self._join([space.encode([a[name] for a in given]) for name, space in self.spaces.items()])

    def decode(self, X: ArrayLike) -> list[dict[str, Any]]:
        """Return dictionaries with one architecture of each part."""
        parts = zip(self.spaces.values(), self._parts(X), strict=True)
        decoded = [space.decode(part) for space, part in parts]
        return [
            dict(zip(self.spaces, architecture, strict=True)) for architecture in zip(*decoded, strict=True)
        ]

    def draw(self, architecture: Mapping[str, Any], title: str = "") -> Diagram:
        """Return a drawing with the parts side by side."""
        parts = {name: space.draw(architecture[name]) for name, space in self.spaces.items()}
        return Diagram.side_by_side(parts, title)

    def describe(self, architecture: Mapping[str, Any]) -> str:
        """Return the parts in one line."""
        parts = ((name, space.describe(architecture[name])) for name, space in self.spaces.items())
        return "; ".join(f"{name}: {part}" for name, part in parts)

    # -------------------------------------------------------------------------- listing and Optuna

    @property
    def is_enumerable(self) -> bool:
        """Whether all parts are, and the product is small enough to be listed."""
        if not all(space.is_enumerable for space in self.spaces.values()):
            return False
        n = prod(len(space) for space in self.spaces.values())
        return n <= _MAX_LISTED and n * self.n_features <= _MAX_LISTED_ELEMENTS

    def __len__(self) -> int:
        if not self.is_enumerable:
            return super().__len__()
        return prod(len(space) for space in self.spaces.values())

    def enumerate(self) -> Rows:
        """Return every architecture once, the last part changing fastest."""
        if not self.is_enumerable:
            return super().enumerate()
        everything = [space.enumerate() for space in self.spaces.values()]
        places = np.indices([len(rows) for rows in everything]).reshape(len(everything), -1)
        return self._join([rows[k] for rows, k in zip(everything, places, strict=True)])

    def distributions(self) -> dict[str, BaseDistribution]:
        """Return ``{part}.{parameter}`` for each parameter of each part."""
        return {
            f"{name}.{parameter}": distribution
            for name, space in self.spaces.items()
            for parameter, distribution in space.distributions().items()
        }

    def params_to_row(self, params: Mapping[str, Any]) -> Rows:
        """Return the row of one dictionary of Optuna parameters; it may be invalid."""
        parts: dict[str, dict[str, Any]] = {
            name: {parameter: params[f"{name}.{parameter}"] for parameter in space.distributions()}
            for name, space in self.spaces.items()
        }
        return self._join([s.params_to_row(parts[name])[None] for name, s in self.spaces.items()])[0]

    def row_to_params(self, row: ArrayLike) -> dict[str, Any]:
        """Return the Optuna parameters of one valid row."""
        parts = zip(self.spaces.items(), self._parts(np.asarray(row)[None]), strict=True)
        return {
            f"{name}.{parameter}": value
            for (name, space), part in parts
            for parameter, value in space.row_to_params(part[0]).items()
        }


def _sizes(space: SearchSpace) -> tuple[int, int]:
    return space.n_nodes, space.n_node_features
