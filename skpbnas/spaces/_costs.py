"""Parameters and operations of networks, from the rows of their architectures."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._cell_space import CellSpace
from ._chain_space import ChainSpace
from ._encoding import rows_to_graphs
from ._graphs import compact, to_dense
from ._nasbench101 import NASBENCH101_OPERATIONS

Counts = NDArray[np.int64]  # (n,)


class Costs(NamedTuple):
    """What networks cost.

    Attributes
    ----------
    parameters : ndarray of shape (n,)
        Trainable parameters: the weights of convolutions without bias, a scale and a shift of each batch
        normalisation, and the linear output with its bias.
    flops : ndarray of shape (n,)
        Operations of one image: two for each multiplication with a weight. What is elementwise, pooling and
        normalisation do not count.
    """

    parameters: Counts
    flops: Counts


def cell_costs(
    space: CellSpace,
    X: ArrayLike,
    *,
    stem_channels: int = 128,
    n_stacks: int = 3,
    n_cells_per_stack: int = 3,
    image_channels: int = 3,
    image_size: int = 32,
    n_classes: int = 10,
) -> Costs:
    """Return the costs of NASBench-101's network of each cell.

    A stem (3x3 convolution), stacks of one cell, repeated, with a halving of the image and a doubling of the
    channels between them, global mean pooling, and a linear output (Ying et al. 2019).

    Parameters
    ----------
    space : CellSpace
        With the operations of NASBench-101.
    X : array-like of shape (n, n_features)
        Valid rows. Where the channels of a cell do not divide evenly, the first vertices get one more, so
        that the order of the vertices of a row counts.
    stem_channels, n_stacks, n_cells_per_stack, image_channels, image_size, n_classes : int
        Of the network; the defaults are those of NASBench-101.

    Returns
    -------
    Costs

    Examples
    --------
    >>> from skpbnas.spaces import Cell, NASBench101Space, cell_costs
    >>> space = NASBench101Space()
    >>> X = space.encode([Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"])])
    >>> cell_costs(space, X).parameters
    array([10177674])
    """
    if space.operations != NASBENCH101_OPERATIONS:
        raise ValueError(
            f"space={space!r} has other operations than NASBench-101's, "
            f"{list(NASBENCH101_OPERATIONS)}; their costs are not known"
        )
    space._require_valid(X)
    graphs = compact(rows_to_graphs(X, space.n_nodes, space.n_node_features)[0])
    adjacency, labels = to_dense(graphs).astype(np.int64), graphs.labels.T.astype(np.int64)
    n, size = len(labels), image_size
    parameters = np.full(n, 9 * image_channels * stem_channels + 2 * stem_channels)
    flops = np.full(n, 2 * 9 * image_channels * stem_channels * size**2)
    channels_in = channels = stem_channels
    for stack in range(n_stacks):
        if stack:
            size, channels = size // 2, 2 * channels
        for _ in range(n_cells_per_stack):
            weights, outputs = _count_cell(adjacency, labels, channels_in, channels)
            parameters += weights + 2 * outputs
            flops += 2 * weights * size**2
            channels_in = channels
    linear = channels * n_classes
    return Costs(parameters + linear + n_classes, flops + 2 * linear)


def _count_cell(A: NDArray, labels: NDArray, channels_in: int, channels_out: int) -> tuple[Counts, Counts]:
    """Return the number of weights and of channels of all convolutions of one cell, in topological order.

    An edge from the input is a projection (1x1 convolution); edges to the output are concatenated, with a
    projection of the input added.
    """
    n, L = labels.shape
    rows = np.arange(n)
    output = (labels > 0).sum(axis=1) - 1
    channels = _vertex_channels(A, output, channels_out)
    kernel = np.array([0, 0, 9, 1, 0, 0])[labels]  # labels: absent, input, conv3x3, conv1x1, maxpool, output
    weights, outputs = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for j in range(1, L):
        interior = j < output
        projected = interior * A[:, 0, j] * channels[:, j]
        convolved = interior * (kernel[:, j] > 0) * channels[:, j]
        weights += channels_in * projected + kernel[:, j] * channels[:, j] * convolved
        outputs += projected + convolved
    projected = A[rows, 0, output] * channels_out
    return weights + channels_in * projected, outputs + projected


def _vertex_channels(A: NDArray, output: NDArray, channels_out: int) -> Counts:
    """Return the channels of each vertex, shape ``(n, L)``: shares of the output, or the largest ones fed."""
    n, L, _ = A.shape
    feeds = A[np.arange(n), :, output]  # (n, L), whether a vertex feeds the output
    feeds[:, 0] = 0
    share, rest = np.divmod(channels_out, np.maximum(feeds.sum(axis=1), 1))
    channels = feeds * (share[:, None] + (np.cumsum(feeds, axis=1) <= rest[:, None]))
    for i in range(L - 2, 0, -1):
        largest = (A[:, i] * channels).max(axis=1)
        channels[:, i] = np.where(feeds[:, i] == 1, channels[:, i], largest)
    return channels


def plain_cnn_costs(
    space: ChainSpace,
    X: ArrayLike,
    *,
    kernel_size: int = 3,
    image_channels: int = 3,
    image_size: int = 32,
    n_classes: int = 10,
) -> Costs:
    """Return the costs of a plain CNN whose widths are the choices of a chain, and of no other network.

    Each layer that is not skipped is a convolution without bias and a batch normalisation, at the full size
    of the image; then come global mean pooling and a linear output. For any other network, build the module
    and use :func:`skpbnas.nn.count_costs`.

    Parameters
    ----------
    space : ChainSpace
        Of whole numbers, the output channels of each layer.
    X : array-like of shape (n, n_features)
        Valid rows.
    kernel_size, image_channels, image_size, n_classes : int
        Of the network.

    Returns
    -------
    Costs

    Examples
    --------
    >>> from skpbnas.spaces import ChainSpace, plain_cnn_costs
    >>> space = ChainSpace([range(8, 65, 8)] * 3)
    >>> plain_cnn_costs(space, space.encode([(8, 16, 32)]), image_channels=1, image_size=8).parameters
    array([6274])
    """
    widths = space.numbers(X)
    channels = np.full(len(widths), image_channels)
    weights, outputs = np.zeros(len(widths), np.int64), np.zeros(len(widths), np.int64)
    for width in widths.T:
        there = ~np.isnan(width)
        new = np.where(there, width, channels).astype(np.int64)
        weights += there * kernel_size**2 * channels * new
        outputs += there * new
        channels = new
    linear = channels * n_classes
    return Costs(weights + 2 * outputs + linear + n_classes, 2 * (weights * image_size**2 + linear))


def chain_costs(space: ChainSpace, X: ArrayLike, **network: int) -> Costs:
    """Return the same as :func:`plain_cnn_costs`.

    .. deprecated:: 0.2
       The name did not say which network it assumes. It will be removed in 0.4.
    """
    warnings.warn(
        "chain_costs is deprecated and will be removed in 0.4; use plain_cnn_costs, which is the same, or "
        "skpbnas.nn.count_costs for the module that you train",
        FutureWarning,
        stacklevel=2,
    )
    return plain_cnn_costs(space, X, **network)
