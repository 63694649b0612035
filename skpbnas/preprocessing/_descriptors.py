"""From rows to label-free descriptors of their graphs, for any estimator of tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

from .._for_space import filled_in
from .._reading import read_nodes
from .._rows import feature_names, node_features, split_rows
from ._columns import PlacedColumns, has_graph, is_chain

if TYPE_CHECKING:
    from ..spaces import SearchSpace

_CHUNK = 4096  # rows whose matrices fit the processor's cache at a time


class GraphDescriptors(TransformerMixin, BaseEstimator):
    """Describes the graph of each row by counts that do not depend on the order of its nodes.

    With them, any estimator of tables ranks architectures: trees, Gaussian processes, support vectors.

    Parameters
    ----------
    n_nodes : int, default=None
        L, the number of nodes of a row with ``L * L + L * d`` columns. None reads it from the column names
        where X is a DataFrame of rows of a space; otherwise a row is one node, and its d features are the
        descriptors.
    roles : sequence of str, default=None
        What each column of a row is, from ``space.get_roles_out()``. Columns that mean something in their
        place, such as those of layers, are descriptors, too. None: nodes have no order.
    extra : sequence of str, default=None
        Names of columns that follow those of the row, such as costs; they are descriptors as they are.

    Attributes
    ----------
    n_nodes_ : int
        L.
    roles_ : list of str
        What each descriptor is: ``"graph {kind}"``, the role of its column, ``"near {role}"`` or
        ``"extra {name}"``. Descriptors of one role are made alike.
    n_features_in_ : int
        Number of columns.

    Notes
    -----
    Graphs are directed and acyclic; an edge is any number other than 0 in the adjacency matrix. Nodes without
    features and edges are padding and do not count. A path leads from a source (a node without incoming
    edges) to a sink (one without outgoing edges). Features f and g may be any numbers; of an operation's
    indicator, a sum is how often the operation occurs. The descriptors are, in this order:

    =================================  ===============================================================
    ``log_paths``, ``edges``           log(1 + number of paths); number of edges
    ``fan_out``, ``fan_in``            number of edges that leave sources, that enter sinks
    ``total_nodes``, ``total_{f}``     number of nodes; sum of f over all nodes
    ``least_nodes``, ``least_{f}``     of the path with the fewest nodes; with the smallest sum of f
    ``mean_nodes``, ``mean_{f}``       the mean of these over all paths
    ``most_nodes``, ``most_{f}``       of the path with the most nodes; with the largest sum of f
    ``in_{f}``, ``out_{f}``            largest product of f and the number of incoming, outgoing edges
    ``total_{f}>{g}``                  sum over all edges of f at the start times g at the end
    ``mean_{f}>{g}``                   the mean over all paths of this sum over the edges of a path
    ``meet_{f}``                       sum of f over all nodes, each times how often two walks meet there
    ``joint_{f}``, ``joint_{f}>{g}``   the same where they came along one path; over nodes, over edges
    column                             of a layer, a fixed place, a parameter: as it is
    ``near_{i}_{f}``                   sum of f over the layers or places around i, with normal weights
    extra column                       as it is
    =================================  ===============================================================

    A walk starts at a sink and goes back along edges to a source, each edge that enters a node with the same
    probability. So a node is met as often as its share in the output, where every node passes on the mean of
    its inputs; two independent walks meet at it with the square of this.

    The graph of a chain is one path, on which most of these are the same: of its graph only ``edges``,
    ``total_nodes``, ``total_{f}`` and ``total_{f}>{g}`` are descriptors. Of that of a product of chains and
    parameters, which leads from one to the next, there are none.

    Without roles, none of the descriptors depends on the order of the nodes. Kernels (of a Gaussian process,
    of support vectors) want them scaled, and take square roots of counts better than counts.

    See Also
    --------
    skpbnas.predictors.GCNRankPredictor : Works on the rows themselves.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import ExtraTreesRegressor
    >>> from sklearn.pipeline import make_pipeline
    >>> from skpbnas import CellSpace
    >>> from skpbnas.preprocessing import GraphDescriptors
    >>> space = CellSpace(5, ["conv", "pool"])
    >>> X = space.sample(50, np.random.default_rng(0))
    >>> model = make_pipeline(GraphDescriptors(space.n_nodes), ExtraTreesRegressor(random_state=0))
    >>> model.fit(X[:40], X[:40].sum(axis=1)).score(X[40:], X[40:].sum(axis=1)) > 0.9
    True
    """

    _parameter_constraints: dict = {
        "n_nodes": [Interval(Integral, 1, None, closed="left"), None],
        "roles": ["array-like", None],
        "extra": ["array-like", None],
    }

    def __init__(
        self,
        n_nodes: int | None = None,
        roles: Sequence[str] | None = None,
        extra: Sequence[str] | None = None,
    ) -> None:
        self.n_nodes = n_nodes
        self.roles = roles
        self.extra = extra

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> GraphDescriptors:
        """Find out the number of nodes; nothing is learned.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Rows.
        y : Ignored

        Returns
        -------
        self : GraphDescriptors
        """
        rows: NDArray = validate_data(self, X)
        extra = [f"extra {name}" for name in self.extra or ()]
        width = rows.shape[1] - len(extra)
        self.n_nodes_ = read_nodes(X, rows, self.n_nodes, len(extra))
        n_features = node_features(width, self.n_nodes_)
        columns = _check_feature_names_in(self, None)
        self._placed: PlacedColumns | None = None
        if self.roles is not None or extra:
            roles = self._own_roles(width, columns)
            names = [*columns[:width], *(self.extra or ())]
            self._placed = PlacedColumns([*roles, *extra], names)
        self._is_graph = self.n_nodes_ > 1 and (self.roles is None or has_graph(self.roles))
        self._is_chain = self._is_graph and self.roles is not None and is_chain(self.roles)
        self._f = feature_names(columns, n_features)
        self.roles_ = [self._role(name) for name in self._graph_names()]
        if self._placed:
            self.roles_ += self._placed.roles
        elif not self._is_graph:
            self.roles_ = [f"column {name}" for name in columns]
        return self

    def _own_roles(self, width: int, columns: NDArray) -> list[str]:
        """Return the roles of the columns of a row alone, without the extra ones."""
        if self.roles is None:
            return ["node"] * width if self.n_nodes_ > 1 else [f"column {name}" for name in columns[:width]]
        if len(self.roles) != width:
            raise ValueError(
                f"roles has {len(self.roles)} entries for rows of {width} columns, without those of "
                f"extra={self.extra!r}; give one for each column of a row, as space.get_roles_out() does"
            )
        return list(self.roles)

    def transform(self, X: ArrayLike) -> NDArray[np.floating]:
        """Describe architectures.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Rows, each followed by its extra columns.

        Returns
        -------
        ndarray of shape (n, n_descriptors)
            In double precision where X is, else in single precision; a row of one node as it is.
        """
        check_is_fitted(self)
        rows: NDArray = validate_data(self, X, reset=False)
        if not self._is_graph and self._placed is None:
            return rows
        dtype = np.float64 if rows.dtype == np.float64 else np.float32
        out = np.empty((len(rows), len(self.roles_)), dtype)
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            out[start : start + _CHUNK] = np.concatenate(list(self._described(part)), axis=1)
        return out

    def _described(self, X: NDArray) -> Iterator[NDArray]:
        if self._is_graph:
            row = X[:, : X.shape[1] - len(self.extra or ())]
            adjacency, features = split_rows(row, self.n_nodes_)
            edges = (adjacency != 0).astype(np.float64)
            yield (describe_path if self._is_chain else describe)(edges, features.astype(np.float64))
        if self._placed:
            yield self._placed.transform(X)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Return the names of the descriptors; features are named as in the columns of X, else f0, f1, ..."""
        check_is_fitted(self)
        columns = _check_feature_names_in(self, input_features)
        if not self._is_graph and self._placed is None:
            return columns
        placed = self._placed.names if self._placed else []
        return np.array(self._graph_names() + placed, dtype=object)

    def _graph_names(self) -> list[str]:
        f = self._f
        if not self._is_graph:
            return []
        pairs = [f"{a}>{b}" for a in f for b in f]
        if self._is_chain:
            return ["edges", *(f"total_{a}" for a in ("nodes", *f, *pairs))]
        names = ["log_paths", "edges", "fan_out", "fan_in"]
        names += [f"{kind}_{a}" for kind in ("total", "least", "mean", "most") for a in ("nodes", *f)]
        names += [f"{kind}_{a}" for kind in ("in", "out") for a in f]
        names += [f"{kind}_{a}" for kind in ("total", "mean") for a in pairs]
        names += [f"{kind}_{a}" for kind in ("meet", "joint") for a in f]
        return names + [f"joint_{a}" for a in pairs]

    @staticmethod
    def _role(name: str) -> str:
        """Return the kind of a descriptor of graphs: of nodes, or of edges, that are made alike."""
        return f"graph {name.partition('_')[0]}" + "_edges" * (">" in name)

    def for_space(self, space: SearchSpace, seed: int) -> GraphDescriptors:
        """Return an unfitted copy with the ``n_nodes`` and the ``roles`` of a space, where it has none."""
        return filled_in(self, space, seed)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def signed_roots(described: NDArray) -> NDArray:
    """Return the square roots of descriptors, with their signs: large counts matter less."""
    return np.sign(described) * np.sqrt(np.abs(described))


def describe(A: NDArray[np.float64], X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the descriptors of adjacency matrices ``(n, L, L)`` and node features ``(n, L, d)``."""
    incoming, outgoing = A.sum(axis=1), A.sum(axis=2)
    present = X.any(axis=2) | (incoming > 0) | (outgoing > 0)
    sources, sinks = present & (incoming == 0), present & (outgoing == 0)
    from_sources, to_sinks = _count_paths(A, sources), _count_paths(A.swapaxes(1, 2), sinks)
    n_paths = (from_sources * sinks).sum(axis=1)
    # The share of the paths that go through a node, along an edge.
    through = from_sources * to_sinks / np.maximum(n_paths, 1)[:, None]
    along = from_sources[:, :, None] * A * (to_sinks / np.maximum(n_paths, 1)[:, None])[:, None, :]
    counted = np.concatenate([present[:, :, None], X], axis=2)  # (n, L, 1 + d)
    # Where a walk back from the sinks goes, and where two independent ones go together.
    back = A / np.maximum(incoming, 1)[:, None, :]
    met = _count_paths(back.swapaxes(1, 2), sinks)
    joint = _count_paths(back.swapaxes(1, 2) ** 2, sinks)
    least, most = _extremes(A, sources, sinks, counted)
    numbers = [np.log1p(n_paths), A.sum(axis=(1, 2)), (sources * outgoing).sum(1), (sinks * incoming).sum(1)]
    parts = [
        np.stack(numbers, axis=1),
        counted.sum(axis=1),
        least,
        (through[:, None] @ counted)[:, 0],
        most,
        (X * incoming[:, :, None]).max(axis=1),
        (X * outgoing[:, :, None]).max(axis=1),
        (X.swapaxes(1, 2) @ A @ X).reshape(len(X), -1),
        (X.swapaxes(1, 2) @ along @ X).reshape(len(X), -1),
        ((met**2)[:, None] @ X)[:, 0],
        (joint[:, None] @ X)[:, 0],
        (X.swapaxes(1, 2) @ (joint[:, None, :] * back**2) @ X).reshape(len(X), -1),
    ]
    return np.concatenate(parts, axis=1)


def describe_path(A: NDArray[np.float64], X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the descriptors of graphs that are paths, on which all others repeat these."""
    present = X.any(axis=2)
    pairs = (X.swapaxes(1, 2) @ A @ X).reshape(len(X), -1)
    return np.concatenate(
        [A.sum(axis=(1, 2))[:, None], present.sum(axis=1)[:, None], X.sum(axis=1), pairs], axis=1
    )


def _count_paths(A: NDArray, starts: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the number of paths from the starts to each node, weighted by their edges, ``(n, L)``."""
    reached = starts.astype(np.float64)[:, None]
    total = reached.copy()
    for _ in range(A.shape[1] - 1):  # paths of one more edge each time
        reached = reached @ A
        total += reached
    return total[:, 0]


def _extremes(
    A: NDArray, sources: NDArray[np.bool_], sinks: NDArray[np.bool_], X: NDArray
) -> tuple[NDArray, NDArray]:
    """Return the smallest and the largest sum of each feature along a path, ``(n, d)`` each."""
    n_nodes, d = X.shape[1:]
    edges = np.ascontiguousarray(A.transpose(1, 2, 0))[..., None] != 0  # (L, L, n, 1)
    # The smallest sum is the largest one of the negative features.
    features = np.concatenate([-X, X], axis=2).swapaxes(0, 1).copy()  # (L, n, 2 * d)
    best = np.where(sources.T[..., None], features, -np.inf)  # of the paths that end at a node
    used = [(i, j) for i in range(n_nodes) for j in range(n_nodes) if edges[i, j].any()]
    for _ in range(n_nodes):  # once, and once more to see it, where the nodes are in topological order
        previous = best.copy()
        for i, j in used:
            np.maximum(best[j], best[i] + features[j], out=best[j], where=edges[i, j])
        if np.array_equal(best, previous):
            break
    best = np.where(sinks.T[..., None], best, -np.inf).max(axis=0)
    best[np.isneginf(best)] = 0  # no node, no path
    return -best[:, :d], best[:, d:]
