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
from ._conditions import When, shown
from ._keys import mix_columns
from ._optional_parts import Here, OptionalParts, inner

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

_MAX_LISTED, _MAX_LISTED_ELEMENTS = 1_000_000, 2**27
_OF_A_PATH = ("layer ", "parameter ", "part")  # roles of columns
_KEY_OF_ABSENT = np.uint64(0x5851F42D4C957F2D)


class ProductSpace(SearchSpace):
    """Architectures made of several parts, each from a space of its own: a cell, widths, a learning rate.

    Parameters
    ----------
    spaces : mapping of str to SearchSpace
        The space of each part, by name.
    when : mapping, default=None
        For each part that not all architectures have, the parameters that decide on it,
        ``{part}.{parameter}`` of parts that are a :class:`ParameterSpace`, each with its value or the list
        of its values where there is such a part: ``{"block": {"training.with_block": True}}``; more in
        :class:`ParameterSpace`.

    Raises
    ------
    ValueError
        Where ``when`` names a part, a parameter or a value that does not exist, or goes in a circle.

    Notes
    -----
    A row is one graph: those of the parts, each of whose sinks feeds each source of the next part. A node
    has an indicator for each part, named like the part, that tells where it belongs; then the features of
    each part, ``{part}.{feature}``, zero where the node belongs to another one. A part without a graph is a
    single node, and the nodes of one that is not there are padding. An architecture is a dictionary with one
    of each part that is there; Optuna's parameters are ``{part}.{parameter}``.

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

    def __init__(self, spaces: Mapping[str, SearchSpace], when: When | None = None) -> None:
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

        self._optional = OptionalParts(self.spaces, when) if when else None

    def __repr__(self) -> str:
        when = "" if self._optional is None else f", when={shown(self._optional.when)}"
        return f"ProductSpace({self.spaces!r}{when})"

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
        """Return the roles of the columns of each part, as ``"{role} {part}.{feature}"``.

        Where all parts are layers and parameters, whose graph is always one path, columns that only tell
        where a node belongs have the role ``"part"``, else ``"node"``.
        """
        own = [space.get_roles_out()[-n * d :] for space in self.spaces.values() for n, d in [_sizes(space)]]
        is_path = all(role.startswith(_OF_A_PATH) for roles in own for role in roles)
        other = "part" if is_path else "node"
        roles = np.full((self.n_nodes, self.n_node_features), other, dtype=object)
        for part, given, nodes, features in zip(self.spaces, own, self._nodes, self._features, strict=True):
            words = [role.partition(" ") for role in given]
            renamed = [f"{role} {part}.{name}" if name else other for role, _, name in words]
            roles[nodes, features] = np.array(renamed, dtype=object).reshape(nodes.stop - nodes.start, -1)
        return column_roles(self.n_nodes, []) + roles.ravel().tolist()

    # --------------------------------------------------------------------------------- rows and parts

    def _here(self, parts: list[Rows]) -> Here:
        """Tell which parts are there."""
        if self._optional is None:
            return np.ones((len(parts[0]), len(parts)), bool)
        return self._optional.here(parts)

    def _join(self, parts: list[Rows], linked: bool = True, here: Here | None = None) -> Rows:
        """Return the rows of the rows of each part, with the nodes of the parts one after the other."""
        n, L = len(parts[0]), self.n_nodes
        here = self._here(parts) if here is None else here
        dtype = np.result_type(np.uint8, *parts)
        adjacency = np.zeros((n, L, L), dtype)
        features = np.zeros((n, L, self.n_node_features), dtype)
        before = np.zeros((n, L), bool)  # the sinks of the last part before that is there
        for k, (space, X) in enumerate(zip(self.spaces.values(), parts, strict=True)):
            nodes, there = self._nodes[k], here[:, [k]]
            A, F = split_rows(X, space.n_nodes)
            A, F = A * there[:, :, None], F * there[:, :, None]
            adjacency[:, nodes, nodes] = A
            features[:, nodes, self._features[k]] = F
            present = (
                (A != 0).any(axis=1) | (A != 0).any(axis=2) | (F != 0).any(axis=2) | (space.n_nodes == 1)
            )
            present &= there
            features[:, nodes, k] = present
            sources, sinks = present & ~(A != 0).any(axis=1), present & ~(A != 0).any(axis=2)
            if linked:
                adjacency[:, : nodes.start, nodes] = before[:, : nodes.start, None] & sources[:, None, :]
            before &= ~there
            before[:, nodes] = sinks
        return join_rows(adjacency, features)

    def _split(self, X: ArrayLike) -> tuple[list[Rows], Here, NDArray[np.bool_]]:
        """Return the rows of each part of rows in any order of nodes, which are there, and which are whole.

        Parts that are not there have some valid row.
        """
        rows = as_rows(X, self.n_nodes, self.n_node_features)
        finite = np.isfinite(rows).all(axis=1)
        adjacency, features = split_rows(np.where(finite[:, None], rows, 0), self.n_nodes)
        order, whole = self._order(features)
        adjacency, features = reordered(adjacency, features, order)
        parts = self._blocks(adjacency, features)
        here = self._here(parts)
        whole &= finite & (join_rows(adjacency, features) == self._join(parts, here=here)).all(axis=1)
        return parts if self._optional is None else self._optional.filled(parts, here), here, whole

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

    def _parts(self, X: ArrayLike) -> tuple[list[Rows], Here]:
        """Return the rows of each part of valid rows, and which are there."""
        parts, here, valid = self._split(X)
        valid = valid & self._are_valid(parts, here)
        if not valid.all():
            raise ValueError(
                f"row {np.argmin(valid)} is not valid in {self!r}; pass only rows for which "
                f"space.is_valid is true"
            )
        return parts, here

    def _are_valid(self, parts: list[Rows], here: Here) -> NDArray[np.bool_]:
        valid = np.ones(len(here), bool)
        for space, part, there in zip(self.spaces.values(), parts, here.T, strict=True):
            valid &= space.is_valid(part) | ~there
        return valid

    def _children(self, parts: list[Rows], known: Here, rng: np.random.Generator) -> Rows:
        """Return the rows of children, whose parts are drawn where no parent had them."""
        if self._optional is not None:
            parts = self._optional.settled(parts, known, rng)
        return self._join(parts)

    # ------------------------------------------------------------------------------------- contract

    def sample(self, n: int, rng: Seed = None) -> Rows:
        """Draw ``n`` rows, each part on its own."""
        rng = np.random.default_rng(rng)
        return self._join([space.sample(n, rng) for space in self.spaces.values()])

    def mutate(self, X: Rows, probability: float, rng: np.random.Generator) -> Rows:
        """Mutate each part of each row; a part that is there only after the change is drawn."""
        parts, here = self._parts(X)
        pairs = zip(self.spaces.values(), parts, strict=True)
        return self._children([space.mutate(part, probability, rng) for space, part in pairs], here, rng)

    def crossover(self, X1: Rows, X2: Rows, rng: np.random.Generator) -> Rows:
        """Cross each part of each pair of rows; one that a single parent has is taken from it."""
        (first, here1), (second, here2) = self._parts(X1), self._parts(X2)
        crossed = []
        for k, space in enumerate(self.spaces.values()):
            a = np.where((here1 | ~here2)[:, [k]], first[k], second[k])
            b = np.where((here2 | ~here1)[:, [k]], second[k], first[k])
            crossed.append(space.crossover(a, b, rng))
        return self._children(crossed, here1 | here2, rng)

    def is_valid(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Tell for each row whether each of its parts is valid, and linked to the next."""
        parts, here, valid = self._split(X)
        return valid & self._are_valid(parts, here)

    def canonical_key(self, X: ArrayLike) -> NDArray[np.uint64]:
        """Return a 64-bit hash of the keys of the parts of each row."""
        parts, here, _ = self._split(X)
        pairs = zip(self.spaces.values(), parts, here.T, strict=True)
        return mix_columns(np.where(there, s.canonical_key(part), _KEY_OF_ABSENT) for s, part, there in pairs)

    def canonicalize(self, X: ArrayLike) -> Rows:
        """Return each valid row with each part in canonical form."""
        parts = zip(self.spaces.values(), self._parts(X)[0], strict=True)
        return self._join([space.canonicalize(part) for space, part in parts])

    def discretize(self, Z: NDArray[np.floating]) -> Rows:
        """Map real-valued rows to discrete ones, part by part; the links between parts are fixed."""
        blocks = self._blocks(*split_rows(np.asarray(Z), self.n_nodes))
        parts = zip(self.spaces.values(), blocks, strict=True)
        return self._join([space.discretize(block.astype(np.float64)) for space, block in parts])

    def relax(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return shadow matrices of valid rows, the parts one after the other."""
        parts, here = self._parts(X)
        relaxed: list[Rows] = [
            space.relax(part) for space, part in zip(self.spaces.values(), parts, strict=True)
        ]
        return self._join(relaxed, linked=False, here=here).astype(np.float64)

    def encode(self, architectures: Iterable[Mapping[str, Any]]) -> Rows:
        """Return the rows of dictionaries with one architecture of each part.

        Raises
        ------
        ValueError
            Naming the architecture and what is wrong with it.
        """
        given = list(architectures)
        for k, architecture in enumerate(given):
            known = isinstance(architecture, Mapping) and architecture.keys() <= self.spaces.keys()
            if not known or self._optional is None and len(architecture) < len(self.spaces):
                raise ValueError(
                    f"architecture {k} is {architecture!r}; give a dictionary with the parts "
                    f"{list(self.spaces)} and no others"
                )
        parts = [self._encoded(name, given) for name in self.spaces]
        here = self._here(parts)
        for k, architecture in enumerate(given):
            expected = [name for name, there in zip(self.spaces, here[k], strict=True) if there]
            if set(architecture) != set(expected):
                raise ValueError(
                    f"architecture {k} has the parts {list(architecture)}, but with its parameters there are "
                    f"{expected}"
                )
        return self._join(parts)

    def _encoded(self, name: str, architectures: list[Mapping[str, Any]]) -> Rows:
        """Return the rows of a part; of those that have none, some valid row."""
        space, has_it = self.spaces[name], [name in architecture for architecture in architectures]
        own = space.encode([architecture[name] for architecture in architectures if name in architecture])
        if all(has_it):
            return own
        rows = np.repeat(space.sample(1, np.random.default_rng(0)), len(architectures), axis=0)
        rows = rows.astype(np.result_type(rows, own))
        rows[has_it] = own
        return rows

    def decode(self, X: ArrayLike) -> list[dict[str, Any]]:
        """Return dictionaries with one architecture of each part that is there."""
        parts, here = self._parts(X)
        decoded = [space.decode(part) for space, part in zip(self.spaces.values(), parts, strict=True)]
        return [
            {name: one for name, one, there in zip(self.spaces, architecture, mask, strict=True) if there}
            for architecture, mask in zip(zip(*decoded, strict=True), here, strict=True)
        ]

    def draw(self, architecture: Mapping[str, Any], title: str = "") -> Diagram:
        """Return a drawing with the parts side by side."""
        parts = {name: self.spaces[name].draw(part) for name, part in architecture.items()}
        return Diagram.side_by_side(parts, title)

    def describe(self, architecture: Mapping[str, Any]) -> str:
        """Return the parts in one line."""
        parts = ((name, self.spaces[name].describe(part)) for name, part in architecture.items())
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
        if self._optional is not None:
            return len(self.enumerate())
        return prod(len(space) for space in self.spaces.values())

    def enumerate(self) -> Rows:
        """Return every architecture once, the last part changing fastest."""
        if not self.is_enumerable:
            return super().enumerate()
        everything = [space.enumerate() for space in self.spaces.values()]
        places = np.indices([len(rows) for rows in everything]).reshape(len(everything), -1)
        X = self._join([rows[k] for rows, k in zip(everything, places, strict=True)])
        if self._optional is None:
            return X
        return X[np.sort(np.unique(self.canonical_key(X), return_index=True)[1])]

    def distributions(self) -> dict[str, BaseDistribution]:
        """Return ``{part}.{parameter}`` for each parameter of each part."""
        return {
            f"{name}.{parameter}": distribution
            for name, space in self.spaces.items()
            for parameter, distribution in space.distributions().items()
        }

    def missing_parameters(self, params: Mapping[str, Any]) -> list[str]:
        """Return the parameters that an architecture with these has, too, as far as they tell."""
        return (
            super().missing_parameters(params)
            if self._optional is None
            else self._optional.present(params)[1]
        )

    def params_to_row(self, params: Mapping[str, Any]) -> Rows:
        """Return the row of one dictionary of Optuna parameters; it may be invalid."""
        there = list(self.spaces) if self._optional is None else self._optional.present(params)[0]
        rows = []
        for name, space in self.spaces.items():
            if name in there:
                rows.append(space.params_to_row(inner(name, params))[None])
            else:
                rows.append(space.sample(1, np.random.default_rng(0)))
        return self._join(rows)[0]

    def row_to_params(self, row: ArrayLike) -> dict[str, Any]:
        """Return the Optuna parameters of one valid row."""
        parts, here = self._parts(np.asarray(row)[None])
        present = zip(self.spaces.items(), parts, here[0], strict=True)
        return {
            f"{name}.{parameter}": value
            for (name, space), part, there in present
            if there
            for parameter, value in space.row_to_params(part[0]).items()
        }


def _sizes(space: SearchSpace) -> tuple[int, int]:
    return space.n_nodes, space.n_node_features
