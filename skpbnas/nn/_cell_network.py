"""Cells of any operations as plain torch modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from ._checks import check_positive, check_size
from ._graph import Graph, cell_graph, shared_channels

_LAYERS = {1: (nn.Conv1d, nn.BatchNorm1d, nn.MaxPool1d), 2: (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d)}


class CellNetwork(nn.Module):
    """The network of a cell: a stem, stacks of the cell with a halving of the size between them, and a head.

    Parameters
    ----------
    cell : Cell
        Vertices that no path from the input to the output meets are left out.
    operations : mapping of str to callable
        For each operation of the cell, a function that takes a number of channels and returns a module which
        keeps channels and size.
    in_channels : int, default=3
        Channels of the data.
    n_outputs : int, default=10
        Outputs of the head, such as the number of classes.
    channels : int, default=16
        Channels of the first stack; each further stack has twice as many as the one before.
    n_stacks, n_cells : int, default=3 and 1
        Number of stacks, and of cells in each of them.
    merge : {"concatenate", "sum"}, default="concatenate"
        What becomes of several vertices that feed the output. ``"concatenate"`` is NASBench-101's: they share
        the channels, each edge from the input is projected to the channels of its end, and an edge from the
        input to the output is added. With ``"sum"`` every vertex has all channels, and the input of a cell is
        projected once, where its channels differ. Inputs of any other vertex are always summed.
    reduction : {"pool", "residual"}, default="pool"
        Between stacks: max pooling, or a residual block of stride 2, which doubles the channels.
    dimensions : {1, 2}, default=2
        1 for series, 2 for images.
    stem : callable, optional
        ``stem(in_channels, channels)`` returns the first module. The default is a convolution of kernel 3
        with batch normalisation and ReLU.
    head : callable, optional
        ``head(channels, n_outputs)`` returns the last module. The default is the mean over all positions and
        a linear layer.

    Raises
    ------
    ValueError
        For a cell that is no network, an operation without a module, or an unknown setting.

    Notes
    -----
    The module holds layers of PyTorch only. ``torch.export.save(torch.export.export(network, (example,)),
    "network.pt2")`` writes a file that PyTorch alone can load. Where channels do not divide evenly, the first
    vertices get one more, so that isomorphic cells can differ in a channel:
    ``space.decode(space.canonicalize(X))`` returns cells in an order that does not depend on how they were
    written down.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from skpbnas import Cell
    >>> from skpbnas.nn import CellNetwork
    >>> cell = Cell([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "conv", "output"])
    >>> operations = {"conv": lambda channels: nn.Conv2d(channels, channels, 3, padding=1)}
    >>> network = CellNetwork(cell, operations, in_channels=1)
    >>> network(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 10])
    """

    def __init__(
        self,
        cell: Any,
        operations: Mapping[str, Callable[[int], nn.Module]],
        *,
        in_channels: int = 3,
        n_outputs: int = 10,
        channels: int = 16,
        n_stacks: int = 3,
        n_cells: int = 1,
        merge: str = "concatenate",
        reduction: str = "pool",
        dimensions: int = 2,
        stem: Callable[[int, int], nn.Module] | None = None,
        head: Callable[[int, int], nn.Module] | None = None,
    ) -> None:
        super().__init__()
        sizes = {"channels": channels, "n_stacks": n_stacks, "n_cells": n_cells, "in_channels": in_channels}
        _check(sizes, merge=merge, reduction=reduction, dimensions=dimensions)
        graph = cell_graph(cell)
        missing = sorted({*graph.operations[1:-1]} - operations.keys())
        if missing:
            raise ValueError(
                f"operations has no module for {missing}; give one for each operation of the cell, such as "
                f"{{{missing[0]!r}: lambda channels: torch.nn.Identity()}}"
            )
        stem = stem or (lambda inputs, outputs: convolution(inputs, outputs, 3, dimensions))
        layers = [stem(in_channels, channels)]
        before = channels
        for stack in range(n_stacks):
            if stack and reduction == "pool":
                layers.append(_LAYERS[dimensions][2](2))
            elif stack:
                layers.append(ResidualReduction(channels, 2 * channels, dimensions))
                before = 2 * channels
            channels *= 2 if stack else 1
            for _ in range(n_cells):
                layers.append(CellModule(graph, operations, before, channels, merge, dimensions))
                before = channels
        self.n_halvings = n_stacks - 1 if reduction == "pool" else 0  # those that a size can be too small for
        self.layers = nn.Sequential(*layers)
        self.head = head(channels, n_outputs) if head else MeanHead(channels, n_outputs)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return ``(n, n_outputs)`` for ``(n, in_channels, *positions)``.

        Raises
        ------
        ValueError
            Where the positions are too few to be halved between the stacks.
        """
        hidden = inputs
        for k, layer in enumerate(self.layers):
            hidden = layer(hidden)
            if k == 0:
                check_size(hidden, self.n_halvings, "n_stacks={}")
        result: torch.Tensor = self.head(hidden)
        return result


class CellModule(nn.Module):
    """One cell, from ``(n, in_channels, ...)`` to ``(n, channels, ...)``."""

    def __init__(
        self,
        graph: Graph,
        operations: Mapping[str, Callable[[int], nn.Module]],
        in_channels: int,
        channels: int,
        merge: str,
        dimensions: int,
    ) -> None:
        super().__init__()
        self.names, self.parents = graph.operations, graph.parents
        self.concatenate = merge == "concatenate"
        n = len(self.names)
        self.channels = shared_channels(graph, channels) if self.concatenate else [channels] * n
        self.operations = nn.ModuleList(
            _module(operations, self.names[j], self.channels[j]) for j in range(1, n - 1)
        )
        # With a sum, the first projection is that of the whole cell, which all edges from the input share.
        if self.concatenate:
            projected = {j: self.channels[j] for j in range(1, n) if 0 in self.parents[j]}
        else:
            projected = {} if in_channels == channels else {0: channels}
        self.projections = nn.ModuleDict(
            {str(j): convolution(in_channels, width, 1, dimensions) for j, width in projected.items()}
        )

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the output of the cell; positions stay as they are."""
        if "0" in self.projections:
            inputs = self.projections["0"](inputs)
        values = [inputs]
        for j, operation in enumerate(self.operations, start=1):
            merged = self._sum(values, j)
            value = operation(merged)
            if value.shape[1:] != merged.shape[1:]:
                raise ValueError(
                    f"operation {self.names[j]!r} turned the shape {tuple(merged.shape)} into "
                    f"{tuple(value.shape)}; an operation keeps channels and size, so pad its convolutions"
                )
            values.append(value)
        output = len(self.names) - 1
        parents = [i for i in self.parents[output] if i > 0]
        if not self.concatenate or not parents:
            return self._sum(values, output)
        merged = torch.cat([values[i] for i in parents], dim=1) if len(parents) > 1 else values[parents[0]]
        return merged + self._input(inputs, output) if 0 in self.parents[output] else merged

    def _input(self, inputs: torch.Tensor, j: int) -> torch.Tensor:
        projected: torch.Tensor = self.projections[str(j)](inputs) if self.concatenate else inputs
        return projected

    def _sum(self, values: list[torch.Tensor], j: int) -> torch.Tensor:
        """Add what feeds vertex j, cut to its channels; the input comes last."""
        terms = [values[i][:, : self.channels[j]] for i in self.parents[j] if i > 0]
        if 0 in self.parents[j]:
            terms.append(self._input(values[0], j))
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total


class ResidualReduction(nn.Module):
    """The residual block of NAS-Bench-201 that halves the size and changes the channels."""

    def __init__(self, in_channels: int, channels: int, dimensions: int) -> None:
        super().__init__()
        Convolution, BatchNorm, _ = _LAYERS[dimensions]
        Pool = nn.AvgPool1d if dimensions == 1 else nn.AvgPool2d
        self.block = nn.Sequential(
            nn.ReLU(),
            Convolution(in_channels, channels, 3, stride=2, padding=1, bias=False),
            BatchNorm(channels),
            nn.ReLU(),
            Convolution(channels, channels, 3, padding=1, bias=False),
            BatchNorm(channels),
        )
        self.shortcut = nn.Sequential(
            Pool(2, 2, ceil_mode=True),  # as many positions as the convolution leaves of an odd size
            Convolution(in_channels, channels, 1, bias=False),
        )

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return half as many positions in each direction."""
        result: torch.Tensor = self.block(inputs) + self.shortcut(inputs)
        return result


class MeanHead(nn.Module):
    """The mean over all positions and a linear layer."""

    def __init__(self, channels: int, n_outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, n_outputs)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return ``(n, n_outputs)`` for ``(n, channels, ...)``."""
        result: torch.Tensor = self.linear(inputs.mean(dim=tuple(range(2, inputs.ndim))))
        return result


def convolution(in_channels: int, channels: int, kernel_size: int, dimensions: int) -> nn.Sequential:
    """Return a convolution that keeps the size, with batch normalisation and ReLU."""
    Convolution, BatchNorm, _ = _LAYERS[dimensions]
    padding = kernel_size // 2
    return nn.Sequential(
        Convolution(in_channels, channels, kernel_size, padding=padding, bias=False),
        BatchNorm(channels),
        nn.ReLU(),
    )


def _module(operations: Mapping[str, Callable[[int], nn.Module]], name: str, channels: int) -> nn.Module:
    if isinstance(operations[name], nn.Module):
        raise TypeError(
            f"operations[{name!r}] is a module; give a function that makes one for a number of channels, so "
            f"that every vertex has weights of its own"
        )
    module = operations[name](channels)
    if not isinstance(module, nn.Module):
        raise TypeError(
            f"operations[{name!r}] returned {module!r}; it must return a torch.nn.Module for a number of "
            f"channels"
        )
    return module


def _check(sizes: Mapping[str, int], **choices: Any) -> None:
    check_positive(**sizes)
    allowed = {"merge": ("concatenate", "sum"), "reduction": ("pool", "residual"), "dimensions": (1, 2)}
    for name, value in choices.items():
        if value not in allowed[name]:
            raise ValueError(f"{name}={value!r} is unknown; use one of {list(allowed[name])}")
