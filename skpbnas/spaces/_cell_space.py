"""Cells of bounded size: directed acyclic graphs with one operation per vertex."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._rows import as_rows, column_names, split_rows
from ..drawing import Diagram
from . import _graphs as g
from ._base import Rows, SearchSpace, Seed
from ._cell import INPUT, OUTPUT, Cell
from ._colouring import canonical_key, canonical_order
from ._encoding import cells_to_graphs, graphs_to_rows, rows_to_graphs, well_formed
from ._enumeration import cached_cells, count_labelled
from ._graphs import Graphs

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

_MAX_OPERATIONS = 253  # labels are bytes, and three of them are taken
_MAX_ENUMERABLE_VERTICES = 7
_MAX_ENUMERABLE_CELLS = 2_000_000


class CellSpace(SearchSpace):
    """All cells of at most ``max_vertices`` vertices, with one of ``operations`` on each interior vertex.

    A cell is a directed acyclic graph in which every vertex lies on a path from the input to the output.
    Cells with fewer vertices are padded. Isomorphic cells are one architecture.

    Parameters
    ----------
    max_vertices : int
        L, the largest number of vertices, input and output included; 2 to 64.
    operations : sequence of str
        The choices for an interior vertex; at most 253.
    max_edges : int, default=None
        The largest number of edges; None allows all ``max_vertices * (max_vertices - 1) / 2``.

    Notes
    -----
    A row's node features are one-hot in the order ``"input"``, the operations, ``"output"``. The rows that
    this class returns have their vertices in topological order and the padding at the end; the rows that it
    takes may have both in any order. Dangling vertices do not make another architecture:
    :meth:`canonical_key` and :meth:`canonicalize` leave them out, :meth:`is_valid` refuses them.

    Examples
    --------
    >>> import numpy as np
    >>> from skpbnas import CellSpace
    >>> space = CellSpace(5, ["conv", "pool"])
    >>> len(space)
    787
    >>> X = space.sample(3, np.random.default_rng(0))
    >>> X.shape, space.is_valid(X).all()
    ((3, 45), np.True_)
    """

    def __init__(self, max_vertices: int, operations: Sequence[str], max_edges: int | None = None) -> None:
        if not 2 <= max_vertices <= g.MAX_NODES:
            raise ValueError(f"max_vertices={max_vertices} is not allowed; give 2 to {g.MAX_NODES}")
        if isinstance(operations, str):
            raise ValueError(f"operations={operations!r} is one name; give a list of names, [{operations!r}]")
        names = tuple(operations)
        distinct = len(set(names)) == len(names) and not {INPUT, OUTPUT} & set(names)
        if not (1 <= len(names) <= _MAX_OPERATIONS and distinct):
            raise ValueError(
                f"operations={list(names)} is not allowed; give 1 to {_MAX_OPERATIONS} names, each once, "
                f"without {INPUT!r} and {OUTPUT!r}, which are always there"
            )
        most = max_vertices * (max_vertices - 1) // 2
        if max_edges is not None and not 1 <= max_edges <= most:
            raise ValueError(f"max_edges={max_edges} is not allowed; give a number from 1 to {most}, or None")
        self.max_vertices = max_vertices
        self.operations = names
        self.max_edges = most if max_edges is None else max_edges
        self.n_nodes = max_vertices
        self.n_node_features = len(names) + 2
        self._input, self._output = 1, len(names) + 2  # labels
        self._all: NDArray[np.uint8] | None = None

    def __repr__(self) -> str:
        return f"CellSpace({self.max_vertices}, {list(self.operations)}, {self.max_edges})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_all": None}

    # ------------------------------------------------------------------------------- rows and graphs

    def get_feature_names_out(self) -> NDArray[np.object_]:
        """Return the column names, ``adjacency_{i}_{j}`` and then ``node_{i}_{operation}``."""
        return column_names(self.n_nodes, (INPUT, *self.operations, OUTPUT))

    def _graphs(self, X: ArrayLike) -> tuple[Graphs, NDArray[np.bool_]]:
        return rows_to_graphs(X, self.n_nodes, self.n_node_features)

    def _rows(self, graphs: Graphs) -> NDArray[np.uint8]:
        return graphs_to_rows(graphs, self.n_node_features)

    def _pruned(self, graphs: Graphs) -> Graphs:
        return g.prune(graphs, self._input, self._output)

    # ------------------------------------------------------------------------------------- contract

    def is_valid(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Tell for each row whether it encodes an architecture of this space.

        Valid rows are binary and one-hot, with one input and one output, every vertex on a path between
        them, and at most ``max_edges`` edges.
        """
        return self._valid(X, *self._graphs(X))

    def valid_keys(self, X: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
        """Return which rows are valid, and the canonical keys of those that are."""
        own = type(self)
        if (own.is_valid, own.canonical_key) != (CellSpace.is_valid, CellSpace.canonical_key):
            return super().valid_keys(X)  # a subclass has its own idea of either
        graphs, acyclic = self._graphs(X)
        valid = self._valid(X, graphs, acyclic)
        return valid, canonical_key(graphs.take(valid))

    def _valid(self, X: ArrayLike, graphs: Graphs, acyclic: NDArray[np.bool_]) -> NDArray[np.bool_]:
        valid = acyclic & well_formed(X, self.n_nodes, self.n_node_features)
        present = np.zeros_like(graphs.children[0])
        for i in range(self.n_nodes):
            present |= (graphs.labels[i] > 0) * present.dtype.type(1 << i)
        whole = (g.on_path(graphs, self._input, self._output) == present) & (present != 0)
        inside = np.bitwise_or.reduce(graphs.children, axis=0) & ~present == 0
        absent_feeds = (graphs.children * (graphs.labels == 0)).any(axis=0)
        for label in (self._input, self._output):
            valid &= (graphs.labels == label).sum(axis=0) == 1
        return valid & whole & inside & ~absent_feeds & (g.count_edges(graphs) <= self.max_edges)

    def canonical_key(self, X: ArrayLike) -> NDArray[np.uint64]:
        """Return one number per row, equal for isomorphic rows and distinct otherwise.

        Exact up to eight vertices (all 6,686,760 shapes differ); larger, very regular cells may share a key.
        Dangling vertices do not count; a row without a path from input to output has key 0.
        """
        return canonical_key(self._pruned(self._graphs(X)[0]))

    def canonicalize(self, X: ArrayLike) -> NDArray[np.uint8]:
        """Return each row pruned and in canonical form; isomorphic rows become the same row."""
        return self._rows(canonical_order(self._pruned(self._graphs(X)[0])))

    def sample(self, n: int, rng: Seed = None) -> NDArray[np.uint8]:
        """Draw ``n`` valid rows, with replacement.

        Uniform over unique architectures where the space :attr:`is_enumerable`. Otherwise cells of random
        size and density: every cell can occur, large ones more often than small ones, but not uniformly.
        """
        rng = np.random.default_rng(rng)
        if self.is_enumerable:
            return self.enumerate()[rng.integers(len(self), size=n)]
        drawn = [np.empty((0, self.n_features), np.uint8)]
        missing = n
        while missing > 0:
            X = self._random_rows(2 * missing + 64, rng)
            drawn.append(X[self.is_valid(X)][:missing])
            missing -= len(drawn[-1])
        return np.concatenate(drawn)

    def _random_rows(self, n: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Draw cells: each vertex has a random vertex before it and one after it, and chance adds edges."""
        n_nodes = self.n_nodes
        place = np.arange(n_nodes)
        # There are more large cells than small ones, and so they are drawn more often.
        largest = min(n_nodes, self.max_edges + 1)
        size = 2 + ((largest - 1) * np.sqrt(rng.random((n, 1)))).astype(np.intp)
        density = np.minimum(1, self.max_edges / (size * (size - 1) / 2)) * rng.random((n, 1))
        adjacency = rng.random((n, n_nodes, n_nodes)) < density[:, :, None]
        before = (rng.random((n, n_nodes)) * place).astype(np.intp)
        after = place + 1 + (rng.random((n, n_nodes)) * (size - 1 - place)).astype(np.intp)
        rows = np.arange(n)[:, None]
        adjacency[rows, before, place] = adjacency[rows, place, np.minimum(after, n_nodes - 1)] = True
        used = place < size
        adjacency &= np.triu(used[:, :, None] & used[:, None, :], 1)
        labels = rng.integers(2, len(self.operations) + 2, size=(n, n_nodes)) * used
        labels[:, 0], labels[rows, size - 1] = self._input, self._output
        return self._rows(g.from_dense(adjacency, labels))

    def mutate(self, X: Rows, probability: float, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Flip every edge and replace every operation with the given probability (section 3.2).

        The vertices are first put in a random order that their edges allow, and vertices that the row
        does not use lie anywhere between them with a random operation, so that an edge between any two
        vertices, and a new vertex anywhere, can come to be. The child is pruned; it may be invalid.
        """
        graphs = self._pruned(self._graphs(X)[0])
        graphs = g.random_linear_extension(graphs, self._input, self._output, rng)
        n_nodes, n = graphs.children.shape
        dtype = graphs.children.dtype.type
        children = graphs.children.copy()
        for i in range(n_nodes):
            flips = rng.random((n_nodes - 1 - i, n), dtype=np.float32) < probability
            for k, flip in enumerate(flips):
                children[i] ^= flip * dtype(1 << (i + 1 + k))
        interior = graphs.labels[1:-1]
        n_operations = len(self.operations)
        unused = interior == 0
        steps = rng.integers(1, max(2, n_operations), size=interior.shape, dtype=np.uint8)
        steps *= rng.random(interior.shape, dtype=np.float32) < probability
        steps[unused] = rng.integers(n_operations, size=np.count_nonzero(unused), dtype=np.uint8)
        start = np.where(unused, 0, interior.astype(np.int16) - 2)
        labels = graphs.labels.copy()
        labels[1:-1] = (start + steps) % n_operations + 2
        labels[0], labels[-1] = self._input, self._output
        return self._rows(g.compact(self._pruned(Graphs(children, labels))))

    def crossover(self, X1: Rows, X2: Rows, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Take each edge and each operation from either parent with probability 0.5 (section 3.2).

        The parents are aligned at their inputs and outputs. The child is pruned; it may be invalid.
        """
        first, second = (
            g.expand(g.compact(self._pruned(self._graphs(X)[0])), self._output) for X in (X1, X2)
        )
        bits = rng.integers(2**self.n_nodes, size=first.children.shape, dtype=np.uint64, endpoint=False)
        take = bits.astype(first.children.dtype)
        children = first.children & take | second.children & ~take
        labels = np.where(rng.random(first.labels.shape) < 0.5, first.labels, second.labels)
        # A slot that only one parent uses takes its operation from that parent.
        labels = np.where(labels == 0, np.maximum(first.labels, second.labels), labels)
        return self._rows(g.compact(self._pruned(Graphs(children, labels))))

    def discretize(self, Z: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Map shadow matrices to rows: edges above 0.5 from a vertex to a later one, the largest feature.

        The first vertex is the input and the last the output; dangling vertices become absent where they
        stand. A result may be invalid.
        """
        adjacency, features = split_rows(as_rows(Z, self.n_nodes, self.n_node_features), self.n_nodes)
        labels = features[:, :, 1:-1].argmax(axis=2) + 2
        labels[:, 0], labels[:, -1] = self._input, self._output
        return self._rows(self._pruned(g.from_dense(np.triu(adjacency > 0.5, 1), labels)))

    def relax(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return shadow matrices of valid rows, with the output as the last vertex."""
        self._require_valid(X)
        return self._rows(g.expand(g.compact(self._graphs(X)[0]), self._output)).astype(np.float64)

    # ----------------------------------------------------------------------------- readable objects

    def encode(self, architectures: Iterable[Any]) -> NDArray[np.uint8]:
        """Return the rows of cells, or of ``(matrix, operation names)`` pairs, pruned.

        Parameters
        ----------
        architectures : iterable of Cell or (array-like, sequence of str)
            As the official NASBench-101 ``ModelSpec`` takes them.

        Returns
        -------
        ndarray of shape (n, n_features)

        Raises
        ------
        ValueError
            Naming the architecture and what is wrong with it.
        """
        names = (INPUT, *self.operations, OUTPUT)
        graphs, acyclic = g.topological_sort(cells_to_graphs(architectures, names, self.n_nodes))
        pruned = g.compact(self._pruned(graphs))
        _refuse(~acyclic, "has a cycle; its edges must form a directed acyclic graph")
        for label, name in ((self._input, INPUT), (self._output, OUTPUT)):
            _refuse((graphs.labels == label).sum(axis=0) != 1, f"needs exactly one {name!r} vertex")
        size = (pruned.labels > 0).sum(axis=0)
        _refuse(size == 0, "has no path from its input to its output; connect them")
        _refuse(size > self.n_nodes, f"has more than {self.n_nodes} vertices after pruning")
        _refuse(g.count_edges(pruned) > self.max_edges, f"has more than {self.max_edges} edges after pruning")
        children, labels = pruned.children[: self.n_nodes], pruned.labels[: self.n_nodes]
        return self._rows(Graphs(children.astype(g.mask_dtype(self.n_nodes)), labels))

    def decode(self, X: ArrayLike) -> list[Cell]:
        """Return the cells of valid rows, without padding, in topological order."""
        self._require_valid(X)
        graphs = g.compact(self._graphs(X)[0])
        adjacency, size = g.to_dense(graphs), (graphs.labels > 0).sum(axis=0)
        names = (INPUT, *self.operations, OUTPUT)
        return [
            Cell(adjacency[k, :n, :n], [names[label - 1] for label in graphs.labels[:n, k]])
            for k, n in enumerate(size)
        ]

    def draw(self, architecture: Cell, title: str = "") -> Diagram:
        """Return a drawing of a cell, from its input at the top to its output at the bottom."""
        return architecture.draw(title)

    def _require_valid(self, X: ArrayLike) -> None:
        invalid = np.flatnonzero(~self.is_valid(X))
        if len(invalid):
            raise ValueError(
                f"row {invalid[0]} is not a valid cell of {self!r}; pass only rows for which "
                f"space.is_valid is true (binary, one-hot, connected, at most {self.max_edges} edges)"
            )

    # ----------------------------------------------------------------------------------- enumeration

    @property
    def is_enumerable(self) -> bool:
        """Whether the space is small enough to be listed."""
        if self.max_vertices > _MAX_ENUMERABLE_VERTICES:
            return False
        n_cells = count_labelled(self.max_vertices, len(self.operations), self.max_edges)
        return n_cells <= _MAX_ENUMERABLE_CELLS

    def __len__(self) -> int:
        return len(self.enumerate()) if self.is_enumerable else super().__len__()

    def enumerate(self) -> NDArray[np.uint8]:
        """Return every architecture once, in canonical form, sorted by vertices and edges.

        Returns
        -------
        ndarray of shape (len(space), n_features)
            Read-only. Made once and then kept in memory and in the cache folder (``$SKPBNAS_CACHE``).
        """
        if not self.is_enumerable:
            raise TypeError(f"{self!r} is too large to be listed; use sample(n, rng) to draw from it")
        if self._all is None:
            cells = cached_cells(self.max_vertices, len(self.operations), self.max_edges)
            self._all = self._rows(cells)
            self._all.flags.writeable = False
        return self._all

    # -------------------------------------------------------------------------------- Optuna's side

    def distributions(self) -> dict[str, BaseDistribution]:
        """Return ``edge_{k}`` (0 or 1, upper-triangular order) and ``op_node_{i}`` (an operation's name)."""
        from optuna.distributions import CategoricalDistribution

        n_edges = self.n_nodes * (self.n_nodes - 1) // 2
        return {
            **{f"edge_{k}": CategoricalDistribution((0, 1)) for k in range(n_edges)},
            **{f"op_node_{i}": CategoricalDistribution(self.operations) for i in range(self.n_nodes - 2)},
        }

    def params_to_row(self, params: Mapping[str, Any]) -> NDArray[np.uint8]:
        """Return the row of one dictionary of Optuna parameters, pruned; it may be invalid."""
        missing = [name for name in self.distributions() if name not in params]
        if missing:
            raise ValueError(f"params lacks {missing}; use the names of space.distributions()")
        adjacency = np.zeros((1, self.n_nodes, self.n_nodes), bool)
        upper = np.triu_indices(self.n_nodes, 1)
        adjacency[0, upper[0], upper[1]] = [int(params[f"edge_{k}"]) for k in range(len(upper[0]))]
        labels = np.full((1, self.n_nodes), self._input, np.uint8)
        for i in range(self.n_nodes - 2):
            operation = params[f"op_node_{i}"]
            if operation not in self.operations:
                raise ValueError(f"op_node_{i}={operation!r} is unknown; allowed are {list(self.operations)}")
            labels[0, i + 1] = self.operations.index(operation) + 2
        labels[0, -1] = self._output
        return self._rows(g.compact(self._pruned(g.from_dense(adjacency, labels))))[0]

    def row_to_params(self, row: ArrayLike) -> dict[str, Any]:
        """Return the Optuna parameters of one valid row; unused vertices get the first operation."""
        X = np.asarray(row)[None]
        self._require_valid(X)
        graphs = g.expand(g.compact(self._graphs(X)[0]), self._output)
        adjacency = g.to_dense(graphs)[0][np.triu_indices(self.n_nodes, 1)]
        interior = np.maximum(graphs.labels[1:-1, 0].astype(int) - 2, 0)
        return {
            **{f"edge_{k}": int(value) for k, value in enumerate(adjacency)},
            **{f"op_node_{i}": self.operations[k] for i, k in enumerate(interior)},
        }


def _refuse(wrong: NDArray[np.bool_], reason: str) -> None:
    if wrong.any():
        raise ValueError(f"architecture {np.flatnonzero(wrong)[0]} {reason}")
