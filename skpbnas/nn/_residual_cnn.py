"""Residual convolutional networks of images and series: depth, widths, kernels and expansions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from ..spaces import ChainSpace, ProductSpace
from ._cell_network import MeanHead, convolution
from ._checks import check_size


def residual_cnn_space(
    n_stages: int = 3,
    depths: Sequence[int] = (1, 2),
    widths: Sequence[int] = (8, 16, 24, 32),
    kernels: Sequence[int] = (3, 5),
    expansions: Sequence[int] = (1, 2),
) -> ProductSpace:
    """Return the space of :class:`ResidualCNN`, with choices of each stage.

    Parameters
    ----------
    n_stages : int, default=3
        The size of the images is halved between stages.
    depths, widths, kernels, expansions : sequence of int
        The choices, in increasing order; kernels are odd.

    Returns
    -------
    ProductSpace
        An architecture is a dictionary of four tuples, named like the parameters here.

    Examples
    --------
    >>> import numpy as np
    >>> from skpbnas.nn import ResidualCNN, residual_cnn_space
    >>> space = residual_cnn_space(n_stages=2)
    >>> (architecture,) = space.decode(space.sample(1, np.random.default_rng(0)))
    >>> network = ResidualCNN(**architecture, in_channels=1, n_outputs=10)
    """
    choices = {"depths": depths, "widths": widths, "kernels": kernels, "expansions": expansions}
    return ProductSpace({name: ChainSpace([list(values)] * n_stages) for name, values in choices.items()})


def series_cnn_space(
    n_stages: int = 2,
    depths: Sequence[int] = (1, 2),
    widths: Sequence[int] = (8, 16, 32),
    kernels: Sequence[int] = (3, 5, 7, 9),
    expansions: Sequence[int] = (1, 2),
) -> ProductSpace:
    """Return the space of ``ResidualCNN(..., dimensions=1)``: smaller networks with longer kernels.

    The parameters are those of :func:`residual_cnn_space`.

    Returns
    -------
    ProductSpace
    """
    return residual_cnn_space(n_stages, depths, widths, kernels, expansions)


class ResidualCNN(nn.Module):
    """Stages of residual blocks, with max pooling between the stages.

    A block filters its inputs to more channels, narrows them again, and adds the result to its inputs: the
    fused inverted bottleneck of EfficientNetV2 (Tan and Le 2021), which is fast on small images.

    Parameters
    ----------
    depths : sequence of int
        Blocks of each stage.
    widths : sequence of int
        Channels of each stage.
    kernels : sequence of int
        Size of the filters of each stage, odd.
    expansions : sequence of int
        How many times more channels a block has inside than its inputs.
    in_channels : int, default=3
        Channels of the data.
    n_outputs : int, default=10
        Such as the number of classes.
    dimensions : {1, 2}, default=2
        1 for series, 2 for images.
    """

    def __init__(
        self,
        depths: Sequence[int],
        widths: Sequence[int],
        kernels: Sequence[int],
        expansions: Sequence[int],
        *,
        in_channels: int = 3,
        n_outputs: int = 10,
        dimensions: int = 2,
    ) -> None:
        super().__init__()
        lengths = {len(depths), len(widths), len(kernels), len(expansions)}
        if len(lengths) > 1:
            raise ValueError(
                f"depths, widths, kernels and expansions have {len(depths)}, {len(widths)}, {len(kernels)} "
                f"and {len(expansions)} entries; give one of each for each stage"
            )
        if any(kernel % 2 == 0 for kernel in kernels):
            raise ValueError(f"kernels={tuple(kernels)} are not odd; only odd kernels keep the size")
        self.stem = convolution(in_channels, widths[0], 3, dimensions)
        self.stages = nn.ModuleList()
        before = widths[0]
        for depth, width, kernel, expansion in zip(depths, widths, kernels, expansions, strict=True):
            self.stages.append(
                nn.Sequential(
                    *(
                        ResidualBlock(
                            width if k else before, width, kernel, expansion, dimensions, first=not k
                        )
                        for k in range(depth)
                    )
                )
            )
            before = width
        self.pool = functional.max_pool1d if dimensions == 1 else functional.max_pool2d
        self.head = MeanHead(before, n_outputs)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return ``(n, n_outputs)`` for ``(n, in_channels, *positions)``.

        Raises
        ------
        ValueError
            Where the positions are too few to be halved between the stages.
        """
        hidden = self.stem(inputs)
        check_size(hidden, len(self.stages) - 1, "{} stages")
        for k, stage in enumerate(self.stages):
            hidden = stage(self.pool(hidden, 2) if k else hidden)
        result: torch.Tensor = self.head(hidden)
        return result


class ResidualBlock(nn.Module):
    """Filter to more channels, narrow, and add the inputs, which the first block of a stage projects."""

    def __init__(
        self, in_channels: int, channels: int, kernel: int, expansion: int, dimensions: int, first: bool
    ) -> None:
        super().__init__()
        Convolution = nn.Conv1d if dimensions == 1 else nn.Conv2d
        BatchNorm = nn.BatchNorm1d if dimensions == 1 else nn.BatchNorm2d
        inner = expansion * in_channels
        self.block = nn.Sequential(
            *convolution(in_channels, inner, kernel, dimensions),
            Convolution(inner, channels, 1, bias=False),
            BatchNorm(channels),
        )
        # Always there in the first block, so that the weights of a narrow network are part of a wide one's.
        self.shortcut = Convolution(in_channels, channels, 1, bias=False) if first else nn.Identity()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return ``(n, channels, *positions)`` for ``(n, in_channels, *positions)``."""
        result: torch.Tensor = self.block(inputs) + self.shortcut(inputs)
        return result
