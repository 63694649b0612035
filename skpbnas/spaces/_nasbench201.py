"""The search space of NAS-Bench-201 (Dong and Yang 2020): operations on the edges of a fixed graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._rows import as_rows, column_names, column_roles, reordered, split_rows
from ..drawing import Box, Diagram, colours
from ._base import Rows, SearchSpace, Seed

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

NASBENCH201_OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
_EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))  # in the order of an architecture string
_MAX_OPERATIONS = 8  # 262,144 cells can be listed
_OUTPUT = 7  # the node; the input is node 0, and edge k of the cell is node k + 1
_FORM = "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|"
_PATTERN = re.compile(re.escape(_FORM).replace(r"\{\}", "([a-z0-9_]+)"))


def _line_graph() -> NDArray[np.uint8]:
    """Return the adjacency matrix of the operations: one feeds another where its edge ends at its start."""
    A = np.zeros((8, 8), np.uint8)
    for k, (start, end) in enumerate(_EDGES):
        A[0, k + 1] = start == 0
        A[k + 1, _OUTPUT] = end == 3
        for j, (other, _) in enumerate(_EDGES):
            A[k + 1, j + 1] = end == other
    return A


def _signatures(A: NDArray) -> NDArray[np.int64]:
    """Return a number per node that tells all nodes of the line graph apart, whatever their order."""
    A = A.astype(np.int64)
    children, parents = A.sum(axis=-1), A.sum(axis=-2)
    of_parents, of_children = (
        (children[..., :, None] * A).sum(axis=-2),
        (A * parents[..., None, :]).sum(axis=-1),
    )
    return ((children * 8 + parents) * 64 + of_parents) * 64 + of_children


_ADJACENCY = _line_graph()
_BY_SIGNATURE = np.argsort(_signatures(_ADJACENCY))


class NASBench201Space(SearchSpace):
    """The 15,625 cells of NAS-Bench-201: one of 5 operations on each of the 6 edges between 4 nodes.

    Benchmarks with other operations on the same edges are spaces of this class too: the 4,096 cells of
    TransNAS-Bench-101 (micro) have the first four.

    Parameters
    ----------
    operations : sequence of str, default=NASBENCH201_OPERATIONS
        The choices for an edge, at most 8.

    A row holds the line graph, so that a predictor of graphs with operations on nodes can rank it: each
    edge of the cell is a node (in the order of an architecture string, ``0-1, 0-2, 1-2, 0-3, 1-3, 2-3``),
    between an input (first) and an output (last), and feeds the edges that start where it ends. The
    adjacency matrix is therefore the same in every row, and an architecture is its operations. ``none``
    (no connection) stays a node with that operation.

    Notes
    -----
    No two nodes of the line graph can change places, so all strings are different architectures
    here, each with its own :meth:`canonical_key`: its number in :meth:`enumerate`, plus one. Some of them
    compute the same function (Dong and Yang count 6,466 different ones), but were trained, and are listed
    by the benchmark, separately. Rows may have their nodes in any order.

    Examples
    --------
    >>> from skpbnas.spaces import NASBench201Space
    >>> space = NASBench201Space()
    >>> X = space.encode(["|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|"])
    >>> X.shape
    (1, 120)
    >>> space.decode(X)
    ['|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|']

    References
    ----------
    Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search", ICLR 2020.
    """

    operations: tuple[str, ...] = NASBENCH201_OPERATIONS

    def __init__(self, operations: Sequence[str] = NASBENCH201_OPERATIONS) -> None:
        names = tuple(operations)
        if isinstance(operations, str) or not 1 <= len(set(names)) == len(names) <= _MAX_OPERATIONS:
            raise ValueError(
                f"operations={operations!r} is not allowed; give 1 to {_MAX_OPERATIONS} names, each once"
            )
        self.operations = names
        self.n_nodes = len(_ADJACENCY)
        self.n_node_features = len(names) + 2

    def __repr__(self) -> str:
        given = "" if self.operations == NASBENCH201_OPERATIONS else list(self.operations)
        return f"NASBench201Space({given})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def get_feature_names_out(self) -> NDArray[np.object_]:
        """Return the column names, ``adjacency_{i}_{j}`` and then ``node_{i}_{operation}``."""
        return column_names(self.n_nodes, ("input", *self.operations, "output"))

    def get_roles_out(self) -> list[str]:
        """Return the role of each column: ``"place {operation}"``, beside the edges."""
        return column_roles(self.n_nodes, [f"place {name}" for name in ("input", *self.operations, "output")])

    # ------------------------------------------------------------------------ rows and operations

    def _parse(self, X: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Return the operations ``(n, 6)`` of rows in any order of nodes, and which rows are valid."""
        adjacency, features = split_rows(as_rows(X, self.n_nodes, self.n_node_features), self.n_nodes)
        valid = ((adjacency == 0) | (adjacency == 1)).all(axis=(1, 2))
        valid &= ((features == 0) | (features == 1)).all(axis=(1, 2))
        valid &= (np.count_nonzero(features, axis=2) == 1).all(axis=1)
        if not (adjacency == _ADJACENCY).all():
            order = np.empty(adjacency.shape[:2], np.intp)
            order[:, _BY_SIGNATURE] = np.argsort(_signatures(adjacency != 0), axis=1)
            adjacency, features = reordered(adjacency, features, order)
            valid &= (adjacency == _ADJACENCY).all(axis=(1, 2))
        labels = features.argmax(axis=2)
        valid &= (labels[:, 0] == 0) & (labels[:, _OUTPUT] == len(self.operations) + 1)
        interior = labels[:, 1:_OUTPUT]
        valid &= ((interior >= 1) & (interior <= len(self.operations))).all(axis=1)
        return np.clip(interior - 1, 0, len(self.operations) - 1), valid

    def _operations(self, X: ArrayLike) -> NDArray[np.intp]:
        """Return the operations ``(n, 6)`` of valid rows."""
        operations, valid = self._parse(X)
        if not valid.all():
            raise ValueError(
                f"row {np.argmin(valid)} is not a valid cell of {self!r}; pass only rows for which "
                f"space.is_valid is true (one-hot operations on the nodes of the fixed graph)"
            )
        return operations

    def _rows(self, operations: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Return the rows of operations ``(n, 6)``."""
        X = np.zeros((len(operations), self.n_features), np.uint8)
        adjacency, nodes = split_rows(X, self.n_nodes)  # views
        adjacency[:] = _ADJACENCY
        nodes[:, 0, 0] = nodes[:, _OUTPUT, len(self.operations) + 1] = 1
        nodes[:, 1:_OUTPUT, 1:-1] = np.asarray(operations)[:, :, None] == np.arange(len(self.operations))
        return X

    # --------------------------------------------------------------------------------- contract

    def sample(self, n: int, rng: Seed = None) -> NDArray[np.uint8]:
        """Draw ``n`` rows, uniformly and with replacement."""
        rng = np.random.default_rng(rng)
        return self._rows(rng.integers(len(self.operations), size=(n, len(_EDGES))))

    def mutate(self, X: Rows, probability: float, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Replace each operation by another one with the given probability (section 3.2); always valid."""
        operations = self._operations(X)
        steps = rng.integers(1, max(2, len(self.operations)), size=operations.shape)
        steps *= rng.random(operations.shape) < probability
        return self._rows((operations + steps) % len(self.operations))

    def crossover(self, X1: Rows, X2: Rows, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Take each operation from either parent with probability 0.5 (section 3.2); always valid."""
        first, second = self._operations(X1), self._operations(X2)
        return self._rows(np.where(rng.random(first.shape) < 0.5, first, second))

    def is_valid(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Tell for each row whether it is the line graph, in any order of nodes, with one-hot operations."""
        return self._parse(X)[1]

    def canonical_key(self, X: ArrayLike) -> NDArray[np.uint64]:
        """Return the number of each row in :meth:`enumerate`, plus one; 0 where it is not valid."""
        operations, valid = self._parse(X)
        number = np.ravel_multi_index(tuple(operations.T), (len(self.operations),) * len(_EDGES))
        return np.where(valid, number + 1, 0).astype(np.uint64)

    def canonicalize(self, X: ArrayLike) -> NDArray[np.uint8]:
        """Return each valid row with its nodes in the order of an architecture string."""
        return self._rows(self._operations(X))

    def discretize(self, Z: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Map real-valued rows to valid ones: the largest operation of each node; the edges are fixed."""
        features = split_rows(as_rows(Z, self.n_nodes, self.n_node_features), self.n_nodes)[1]
        return self._rows(features[:, 1:_OUTPUT, 1:-1].argmax(axis=2))

    def __len__(self) -> int:
        return len(self.operations) ** len(_EDGES)

    def enumerate(self) -> NDArray[np.uint8]:
        """Return all rows, the operation of the last edge changing fastest."""
        return self._rows(np.indices((len(self.operations),) * len(_EDGES)).reshape(len(_EDGES), -1).T)

    @property
    def is_enumerable(self) -> bool:
        """Whether the space is small enough to be listed."""
        return True

    # ---------------------------------------------------------------- readable objects and Optuna

    def encode(self, architectures: Iterable[str | Sequence[str]]) -> NDArray[np.uint8]:
        """Return the rows of architecture strings, or of six names of operations each.

        Parameters
        ----------
        architectures : iterable of str or sequence of str
            ``"|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"``, or the operations in that order.

        Returns
        -------
        ndarray of shape (n, 120)

        Raises
        ------
        ValueError
            Naming the architecture and what is wrong with it.
        """
        index = {name: k for k, name in enumerate(self.operations)}
        operations = []
        for k, architecture in enumerate(architectures):
            names = architecture
            if isinstance(architecture, str):
                match = _PATTERN.fullmatch(architecture)
                names = () if match is None else match.groups()
            if len(names) != len(_EDGES) or not set(names) <= index.keys():
                form = _FORM.format(*["op"] * len(_EDGES))
                raise ValueError(
                    f"architecture {k} is {architecture!r}; it must be of the form {form!r}, or six "
                    f"operations, of {list(self.operations)}"
                )
            operations.append([index[name] for name in names])
        return self._rows(np.array(operations, np.intp).reshape(-1, len(_EDGES)))

    def decode(self, X: ArrayLike) -> list[str]:
        """Return the architecture strings of valid rows."""
        names = np.array(self.operations)[self._operations(X)].tolist()
        return [_FORM.format(*row) for row in names]

    def draw(self, architecture: str, title: str = "") -> Diagram:
        """Return a drawing of the four nodes and the operations between them, without those that are none."""
        names = self._operations(self.encode([architecture]))[0]
        boxes = [Box("input"), Box("node 1"), Box("node 2"), Box("output")]
        links: list[tuple[int, int]] = []
        named = colours(self.operations, first=self.operations)
        for (start, end), operation in zip(_EDGES, names.tolist(), strict=True):
            name = self.operations[operation]
            if name != "none":
                links += [(start, len(boxes)), (len(boxes), end)]
                boxes.append(Box(name, named[name]))
        adjacency = np.zeros((len(boxes), len(boxes)), np.uint8)
        for start, end in links:
            adjacency[start, end] = 1
        return Diagram(boxes, adjacency, title)

    def distributions(self) -> dict[str, BaseDistribution]:
        """Return ``op_edge_{k}``, the operation of each edge in the order of an architecture string."""
        from optuna.distributions import CategoricalDistribution

        return {f"op_edge_{k}": CategoricalDistribution(self.operations) for k in range(len(_EDGES))}

    def params_to_row(self, params: Mapping[str, Any]) -> NDArray[np.uint8]:
        """Return the row of one dictionary of Optuna parameters."""
        missing = [name for name in self.distributions() if name not in params]
        if missing:
            raise ValueError(f"params lacks {missing}; use the names of space.distributions()")
        return self.encode([[params[name] for name in self.distributions()]])[0]

    def row_to_params(self, row: ArrayLike) -> dict[str, Any]:
        """Return the Optuna parameters of one valid row."""
        operations = self._operations(np.asarray(row)[None])[0]
        return {f"op_edge_{k}": self.operations[operation] for k, operation in enumerate(operations)}
