"""The search space of NAS-Bench-Graph (Qin et al. 2022): trees of four layers of a graph neural network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._rows import as_rows, split_rows
from . import _graphs as g
from ._base import Rows
from ._cell_space import CellSpace

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

_OPERATIONS = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", "skip")
_SKIP = _OPERATIONS.index("skip")
_N_LAYERS = 4
# The nine trees, as the input of each layer: 0 the data, 1 the first layer, and so on.
_LINKS = ("0000", "0001", "0011", "0012", "0013", "0111", "0112", "0122", "0123")


class NASBenchGraphSpace(CellSpace):
    """The 26,206 graph neural networks of NAS-Bench-Graph: four layers, each with one input.

    A layer takes the data or the output of an earlier layer, and does one of nine operations; what no layer
    takes goes to the output of the network. An architecture is a :class:`~skpbnas.Cell` whose vertices have
    one input each.

    Notes
    -----
    ``skip`` hands on its input. Where that makes two networks the same, one of them is in the space, as in
    the official table: a skipping layer stands first, before all others, except where it takes an output
    beside other layers and hands it to the output of the network. Others are not valid here, nor is a
    network that only skips.

    Examples
    --------
    >>> from skpbnas.spaces import NASBenchGraphSpace
    >>> space = NASBenchGraphSpace()
    >>> len(space)
    26206
    >>> X = space.encode([([0, 1, 2, 1], ["gcn", "gin", "fc", "cheb"])])
    >>> space.describe(space.decode(X)[0])
    '...'

    References
    ----------
    Qin et al., "NAS-Bench-Graph: Benchmarking Graph Neural Architecture Search", NeurIPS 2022.
    """

    def __init__(self) -> None:
        super().__init__(_N_LAYERS + 2, _OPERATIONS, max_edges=2 * _N_LAYERS)

    def __repr__(self) -> str:
        return "NASBenchGraphSpace()"

    # ------------------------------------------------------------------------------ rows and layers

    def rows_of_layers(self, inputs: ArrayLike, operations: ArrayLike) -> NDArray[np.uint8]:
        """Return the rows of layers given as numbers.

        Parameters
        ----------
        inputs : array-like of shape (n, 4)
            What each layer takes: 0 the data, k the output of layer k, counted from 1; an earlier one.
        operations : array-like of shape (n, 4)
            Places in :attr:`operations`.

        Returns
        -------
        ndarray of shape (n, 102)
            They may be invalid: see the notes on ``skip``.
        """
        inputs, operations = np.asarray(inputs), np.asarray(operations)
        n, layers = len(inputs), np.arange(1, _N_LAYERS + 1)
        X = np.zeros((n, self.n_features), np.uint8)
        adjacency, nodes = split_rows(X, self.n_nodes)  # views
        row = np.arange(n)[:, None]
        adjacency[row, inputs, layers] = 1
        adjacency[:, layers, -1] = ~adjacency[:, 1:-1].any(axis=2)
        nodes[:, 0, 0] = nodes[:, -1, -1] = 1
        nodes[row, layers, operations + 1] = 1
        return X

    def _layers(self, X: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return inputs and operations, both ``(n, 4)``, of cells in any order of their vertices."""
        graphs = g.expand(g.compact(self._pruned(self._graphs(X)[0])), self._output)
        inputs = g.to_dense(graphs)[:, :, 1:-1].argmax(axis=1)
        return inputs, np.clip(graphs.labels[1:-1].T.astype(np.intp) - 2, 0, _SKIP)

    def is_valid(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Tell for each row whether it is one of the 26,206 networks, its vertices in any order."""
        valid = super().is_valid(X)
        inputs, operations = self._layers(X)
        tree = self.rows_of_layers(inputs, operations)
        valid &= super().canonical_key(tree) == super().canonical_key(X)  # each layer has one input
        return valid & _is_listed(inputs, operations == _SKIP)

    # ------------------------------------------------------------------------------------- contract

    def mutate(self, X: Rows, probability: float, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Change the input and the operation of each layer with the given probability; may be invalid."""
        inputs, operations = self._layers(X)
        n_choices = np.arange(1, _N_LAYERS + 1)  # of inputs: the data and all earlier layers
        steps = rng.integers(1, np.maximum(2, n_choices), size=inputs.shape)
        inputs = (inputs + steps * (rng.random(inputs.shape) < probability)) % n_choices
        steps = rng.integers(1, len(_OPERATIONS), size=operations.shape)
        operations = (operations + steps * (rng.random(operations.shape) < probability)) % len(_OPERATIONS)
        return self.rows_of_layers(inputs, operations)

    def crossover(self, X1: Rows, X2: Rows, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Take each input and each operation from either parent with probability 0.5; may be invalid."""
        pairs = zip(self._layers(X1), self._layers(X2), strict=True)
        return self.rows_of_layers(*(np.where(rng.random(a.shape) < 0.5, a, b) for a, b in pairs))

    def discretize(self, Z: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Map shadow matrices to rows: the largest edge from an earlier vertex, the largest operation."""
        adjacency, features = split_rows(as_rows(Z, self.n_nodes, self.n_node_features), self.n_nodes)
        earlier = np.where(np.triu(np.ones(adjacency.shape[1:], bool), 1), adjacency, -np.inf)
        return self.rows_of_layers(earlier[:, :, 1:-1].argmax(axis=1), features[:, 1:-1, 1:-1].argmax(axis=2))

    @property
    def is_enumerable(self) -> bool:
        """Whether the space is small enough to be listed."""
        return True

    def enumerate(self) -> NDArray[np.uint8]:
        """Return all 26,206 networks in canonical form; made once."""
        if self._all is None:
            links = np.array([list(link) for link in _LINKS], np.intp)
            places = np.array(list(product(range(len(links)), *[range(len(_OPERATIONS))] * _N_LAYERS)))
            inputs, operations = links[places[:, 0]], places[:, 1:]
            listed = _is_listed(inputs, operations == _SKIP)
            rows = self.rows_of_layers(inputs[listed], operations[listed])
            first = np.unique(self.canonical_key(rows), return_index=True)[1]
            self._all = self.canonicalize(rows[np.sort(first)])
            self._all.flags.writeable = False
        return self._all

    # ---------------------------------------------------------------- readable objects and Optuna

    def encode(self, architectures: Iterable[Any]) -> NDArray[np.uint8]:
        """Return the rows of cells, or of ``(inputs, operations)`` pairs as the official ``Arch`` takes them.

        Raises
        ------
        ValueError
            Naming the architecture and what is wrong with it.
        """
        return super().encode([_as_pair(architecture) for architecture in architectures])

    def distributions(self) -> dict[str, BaseDistribution]:
        """Return ``input_{k}``, what layer k takes (0: the data), and ``op_{k}``, an operation's name."""
        from optuna.distributions import CategoricalDistribution

        layers = range(1, _N_LAYERS + 1)
        return {
            **{f"input_{k}": CategoricalDistribution(tuple(range(k))) for k in layers},
            **{f"op_{k}": CategoricalDistribution(_OPERATIONS) for k in layers},
        }

    def params_to_row(self, params: Mapping[str, Any]) -> NDArray[np.uint8]:
        """Return the row of one dictionary of Optuna parameters; it may be invalid."""
        missing = [name for name in self.distributions() if name not in params]
        if missing:
            raise ValueError(f"params lacks {missing}; use the names of space.distributions()")
        layers = range(1, _N_LAYERS + 1)
        return self.encode([([params[f"input_{k}"] for k in layers], [params[f"op_{k}"] for k in layers])])[0]

    def row_to_params(self, row: ArrayLike) -> dict[str, Any]:
        """Return the Optuna parameters of one valid row."""
        X = np.asarray(row)[None]
        self._require_valid(X)
        (inputs,), (operations,) = (layers.tolist() for layers in self._layers(X))
        return {
            **{f"input_{k}": one for k, one in enumerate(inputs, 1)},
            **{f"op_{k}": _OPERATIONS[one] for k, one in enumerate(operations, 1)},
        }


def _as_pair(architecture: Any) -> Any:
    """Return (inputs, operations) as (matrix, operations); anything else as it is."""
    if not isinstance(architecture, (tuple, list)) or len(architecture) != 2 or np.ndim(architecture[0]) != 1:
        return architecture
    inputs, operations = architecture
    if len(inputs) != _N_LAYERS or not all(0 <= one < k for k, one in enumerate(inputs, 1)):
        raise ValueError(
            f"inputs={list(inputs)} is not allowed; give four numbers, each 0 (the data) or the number of an "
            f"earlier layer, counted from 1"
        )
    matrix = np.zeros((_N_LAYERS + 2, _N_LAYERS + 2), np.uint8)
    matrix[inputs, np.arange(1, _N_LAYERS + 1)] = 1
    matrix[1:-1, -1] = ~matrix[1:-1].any(axis=1)
    return matrix, ["input", *operations, "output"]


def _is_listed(inputs: NDArray[np.intp], skips: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which networks are the one that the table lists of those that compute the same.

    Parameters
    ----------
    inputs : ndarray of shape (n, 4)
        What each layer takes.
    skips : ndarray of shape (n, 4)
        Which layers skip.
    """
    row = np.arange(len(inputs))
    # (n, 5), of the data and each layer
    n_takers = (inputs[:, :, None] == np.arange(_N_LAYERS + 1)).sum(axis=1)
    is_data = np.ones((len(inputs), _N_LAYERS + 1), bool)  # handed on by skipping layers alone
    leads = is_data.copy()  # one of the skipping layers that stand first, before all others
    for k in range(1, _N_LAYERS + 1):
        source, skip = inputs[:, k - 1], skips[:, k - 1]
        is_data[:, k] = is_data[row, source] & skip
        leads[:, k] = leads[row, source] & skip & (n_takers[row, source] == 1)
    alone = n_takers[row[:, None], inputs] == 1
    is_needless = skips & ((n_takers[:, 1:] > 0) | alone | is_data[:, 1:])
    return (~is_needless | leads[:, 1:]).all(axis=1) & ~skips.all(axis=1)
