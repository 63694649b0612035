"""The networks of NASBench-101 and NAS-Bench-201, as their authors trained them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from ..spaces import NASBENCH101_OPERATIONS, Cell, CellSpace, NASBench201Space
from ._cell_network import CellNetwork, MeanHead, convolution

_MODULES_101 = {
    "conv3x3-bn-relu": lambda channels: convolution(channels, channels, 3, 2),
    "conv1x1-bn-relu": lambda channels: convolution(channels, channels, 1, 2),
    "maxpool3x3": lambda channels: nn.MaxPool2d(3, stride=1, padding=1),
}


def nasbench101_network(
    cell: Cell,
    *,
    in_channels: int = 3,
    n_outputs: int = 10,
    channels: int = 128,
    n_stacks: int = 3,
    n_cells: int = 3,
) -> CellNetwork:
    """Return the network of a cell of NASBench-101.

    Parameters
    ----------
    cell : Cell
        With the operations of NASBench-101, in any order of its vertices: isomorphic cells are one network.
    in_channels, n_outputs, channels, n_stacks, n_cells : int
        As in :class:`CellNetwork`. The defaults are those of NASBench-101.

    Returns
    -------
    CellNetwork
        With PyTorch's initial weights.

    Raises
    ------
    ValueError
        Where the cell has other operations, a cycle, or no path from its input to its output.

    References
    ----------
    Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019.

    Examples
    --------
    >>> from skpbnas import Cell
    >>> from skpbnas.nn import nasbench101_network
    >>> cell = Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"])
    >>> sum(p.numel() for p in nasbench101_network(cell).parameters())
    10177674
    """
    space = CellSpace(len(cell.operations), NASBENCH101_OPERATIONS)
    (canonical,) = space.decode(space.canonicalize(space.encode([cell])))
    return CellNetwork(
        canonical,
        _MODULES_101,
        in_channels=in_channels,
        n_outputs=n_outputs,
        channels=channels,
        n_stacks=n_stacks,
        n_cells=n_cells,
    )


def nasbench201_network(
    architecture: str | Sequence[str],
    *,
    in_channels: int = 3,
    n_outputs: int = 10,
    channels: int = 16,
    n_stacks: int = 3,
    n_cells: int = 5,
) -> CellNetwork:
    """Return the network of an architecture of NAS-Bench-201.

    Each edge of the cell becomes a vertex that sums what its edge starts from; see
    :class:`~skpbnas.spaces.NASBench201Space`.

    Parameters
    ----------
    architecture : str or sequence of str
        ``"|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"``, or the six operations in that order.
    in_channels, n_outputs, channels, n_stacks, n_cells : int
        As in :class:`CellNetwork`. The defaults are those of NAS-Bench-201.

    Returns
    -------
    CellNetwork

    Raises
    ------
    ValueError
        Naming what is wrong with the architecture.

    References
    ----------
    Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search", ICLR 2020.

    Examples
    --------
    >>> from skpbnas.nn import nasbench201_network
    >>> network = nasbench201_network(["nor_conv_3x3"] * 6)
    >>> sum(p.numel() for p in network.parameters())
    1531546
    """
    space = NASBench201Space()
    X = space.encode([architecture])
    adjacency = X[0, : space.n_nodes**2].reshape(space.n_nodes, space.n_nodes)
    names = re.findall(r"(\w+)~", space.decode(X)[0])
    return CellNetwork(
        Cell(adjacency, ["input", *names, "output"]),
        {
            "none": lambda channels: Zero(),
            "skip_connect": lambda channels: nn.Identity(),
            "nor_conv_1x1": lambda channels: _relu_convolution(channels, 1),
            "nor_conv_3x3": lambda channels: _relu_convolution(channels, 3),
            "avg_pool_3x3": lambda channels: nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False),
        },
        in_channels=in_channels,
        n_outputs=n_outputs,
        channels=channels,
        n_stacks=n_stacks,
        n_cells=n_cells,
        merge="sum",
        reduction="residual",
        stem=lambda inputs, outputs: convolution(inputs, outputs, 3, 2)[:-1],  # without ReLU
        head=_normalised_head,
    )


class Zero(nn.Module):
    """No connection: zeros."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return zeros of the shape of the inputs."""
        return torch.zeros_like(inputs)


def _relu_convolution(channels: int, kernel_size: int) -> nn.Sequential:
    layers: Any = convolution(channels, channels, kernel_size, 2)
    return nn.Sequential(layers[2], layers[0], layers[1])


def _normalised_head(channels: int, n_outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(), MeanHead(channels, n_outputs))
