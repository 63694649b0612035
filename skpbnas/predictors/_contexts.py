"""Nodes that a graph network cannot tell apart, found once per set of rows.

After g convolutions the features of a node depend only on its g-hop context. Contexts repeat across
architectures, so the network is run once per distinct context and not once per node. The contexts are the
colours of Weisfeiler-Lehman refinement; they do not depend on the weights.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor
from torch.nn.functional import embedding_bag

_ODD = [
    np.uint64(m) for m in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53, 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9)
]


class SparseMap(NamedTuple):
    """A constant sparse matrix and its transpose, for products that gradients flow through."""

    matrix: Bags  # (n_out, n_in)
    transpose: Bags | None  # (n_in, n_out); only gradients need it

    def __matmul__(self, dense: Tensor) -> Tensor:
        result: Tensor = _SparseProduct.apply(dense, self.matrix, self.transpose)
        return result

    def to(self, device: str) -> SparseMap:
        """Move the matrix, and its transpose if there is one, to a device."""
        return SparseMap(self.matrix.to(device), self.transpose and self.transpose.to(device))


class Bags(NamedTuple):
    """The rows of a sparse matrix: row i has the entries from ``starts[i]`` on."""

    columns: Tensor
    starts: Tensor
    values: Tensor

    def __matmul__(self, dense: Tensor) -> Tensor:
        # A sum of bags of rows; faster than the product with a tensor of PyTorch's CSR layout.
        return embedding_bag(self.columns, dense, self.starts, mode="sum", per_sample_weights=self.values)

    def to(self, device: str) -> Bags:
        """Move everything to a device."""
        return Bags(*(tensor.to(device) for tensor in self))


class _SparseProduct(torch.autograd.Function):
    """The product with a constant matrix; its gradient is the product with the transpose."""

    @staticmethod
    def forward(ctx: Any, dense: Tensor, matrix: Bags, transpose: Bags | None) -> Tensor:
        ctx.transpose = transpose
        return matrix @ dense

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return ctx.transpose @ gradient.contiguous(), None, None


class ContextIndex(NamedTuple):
    """The distinct contexts of the nodes of n graphs, convolution by convolution.

    Attributes
    ----------
    features : Tensor of shape (n_contexts_0, d)
        The distinct node features.
    messages : list of SparseMap
        For each convolution the normalised messages of all directions side by side,
        ``(n_contexts_g, n_directions * n_contexts_g-1)``.
    own : list of Tensor of shape (n_contexts_g,)
        For each convolution the context that a node had before it.
    nodes : Tensor of shape (n, L)
        The context of each node after the last convolution.
    pooling : Tensor of shape (n, L, n_readouts)
        The weight of each node in each read-out.
    """

    features: Tensor
    messages: list[SparseMap]
    own: list[Tensor]
    nodes: Tensor
    pooling: Tensor

    def to(self, device: str) -> ContextIndex:
        """Move everything to a device."""
        if device == "cpu":
            return self
        return ContextIndex(
            self.features.to(device),
            [messages.to(device) for messages in self.messages],
            [own.to(device) for own in self.own],
            self.nodes.to(device),
            self.pooling.to(device),
        )


def build_index(
    adjacency: NDArray,
    features: NDArray,
    n_convolutions: int,
    both: bool,
    dtype: torch.dtype,
    gradients: bool = True,
) -> ContextIndex:
    """Find the distinct contexts of graphs; :attr:`ContextIndex.pooling` is left empty.

    Parameters
    ----------
    adjacency : ndarray of shape (n, L, L)
    features : ndarray of shape (n, L, d)
    n_convolutions : int
    both : bool
        Whether messages also go from a node to its successors, and not only the way eq. 3 sends them.
    dtype : torch.dtype
        Of the features and the messages.
    gradients : bool
        Whether gradients will flow through the index.
    """
    n, n_nodes, d = features.shape
    edges = adjacency != 0
    flat = features.reshape(n * n_nodes, d)
    colours = _hash_rows(flat)
    codes, first = _distinct(colours)
    distinct_features = torch.as_tensor(np.ascontiguousarray(flat[first])).to(dtype)
    messages, own = [], []
    for _ in range(n_convolutions):
        colours = _refine(colours.reshape(n, n_nodes), edges, both).ravel()
        previous, n_previous = codes.reshape(n, n_nodes), len(first)
        codes, first = _distinct(colours)
        row, node = np.divmod(first, n_nodes)
        contexts = previous[row]  # (n_contexts_g, L)
        parts = [_messages(edges[row, node], contexts, node, n_previous)]
        if both:
            parts.append(_messages(edges[row, :, node], contexts, node, n_previous))
        matrix = sparse.hstack(parts, format="csr") if both else parts[0]
        transpose = _bags(matrix.T.tocsr(), dtype) if gradients else None
        messages.append(SparseMap(_bags(matrix, dtype), transpose))
        own.append(torch.as_tensor(previous[row, node]))
    nodes = torch.as_tensor(codes.reshape(n, n_nodes))
    return ContextIndex(distinct_features, messages, own, nodes, torch.empty(0))


def _messages(mask: NDArray, contexts: NDArray, node: NDArray, n_in: int) -> sparse.csr_array:
    """Return D^-1/2 (A + I) of eq. 3 for nodes whose neighbours are given by ``mask`` ``(n_out, L)``."""
    mask = mask.copy()
    mask[np.arange(len(mask)), node] = True
    degree = mask.sum(axis=1)
    starts = np.concatenate([[0], np.cumsum(degree)])
    return sparse.csr_array((np.repeat(degree**-0.5, degree), contexts[mask], starts), (len(mask), n_in))


def _bags(matrix: sparse.csr_array, dtype: torch.dtype) -> Bags:
    columns, starts = (
        torch.as_tensor(array.astype(np.int32)) for array in (matrix.indices, matrix.indptr[:-1])
    )
    return Bags(columns, starts, torch.as_tensor(matrix.data).to(dtype))


def _distinct(colours: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return a number for each colour, and the place where each number occurs first."""
    codes, values = pd.factorize(colours)
    first = np.empty(len(values), np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return codes.astype(np.int64), first


def _hash_rows(rows: NDArray) -> NDArray[np.uint64]:
    values = np.ascontiguousarray(rows, dtype=np.float64).view(np.uint64)
    colours = np.zeros(len(rows), np.uint64)
    for column in values.T:
        colours = _mix(colours * _ODD[2] + column)
    return colours


def _refine(colours: NDArray[np.uint64], edges: NDArray[np.bool_], both: bool) -> NDArray[np.uint64]:
    """Mix each colour ``(n, L)`` with those of the successors and, if both, of the predecessors."""
    n_nodes = colours.shape[1]
    refined = colours * _ODD[2]
    upstream = _mix(colours * _ODD[3])
    for i in range(n_nodes):
        for j in range(n_nodes):
            edge = edges[:, i, j]
            refined[:, i] += colours[:, j] * edge
            if both:
                refined[:, j] += upstream[:, i] * edge
    return _mix(refined)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(33))) * _ODD[0]
    x = (x ^ (x >> np.uint64(33))) * _ODD[1]
    return x ^ (x >> np.uint64(33))
