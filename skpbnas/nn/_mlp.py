"""Multilayer perceptrons: the widths of their layers, some of which may be left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..spaces import ChainSpace, ConstrainedSpace, Rows
from ._checks import check_positive


def mlp_space(n_layers: int = 3, widths: Sequence[int] = (8, 16, 32, 64, 128)) -> ConstrainedSpace:
    """Return the space of :class:`MLP`: up to so many hidden layers, each of one of the widths.

    Parameters
    ----------
    n_layers : int, default=3
        The largest number of hidden layers. The last ones may be left out.
    widths : sequence of int
        In increasing order.

    Returns
    -------
    ConstrainedSpace
        Of a chain. An architecture is the tuple of the widths of all layers, ``None`` for one that is left
        out. Layers are left out from the end only, so that no network is listed twice.

    Examples
    --------
    >>> import numpy as np
    >>> from skpbnas.nn import MLP, mlp_space
    >>> space = mlp_space()
    >>> (widths,) = space.decode(space.sample(1, np.random.default_rng(0)))
    >>> network = MLP(widths, n_inputs=4, n_outputs=3)
    """
    chain = ChainSpace([list(widths), *[[None, *widths]] * (n_layers - 1)])
    return ConstrainedSpace(chain, _WithoutGaps(chain))


class _WithoutGaps:
    """Whether no layer follows one that is left out; a class, so that it can be pickled."""

    def __init__(self, chain: ChainSpace) -> None:
        self.chain = chain

    def __repr__(self) -> str:
        return "no layer after one that is left out"

    def __call__(self, X: Rows) -> NDArray[np.bool_]:
        left_out = np.isnan(self.chain.numbers(X))
        return np.asarray((left_out[:, :-1] <= left_out[:, 1:]).all(axis=1))


class MLP(nn.Module):
    """Linear layers with batch normalisation and ReLU between them.

    Parameters
    ----------
    widths : sequence of int or None
        Of the hidden layers; ``None`` is a layer left out.
    n_inputs : int
        Columns of the data.
    n_outputs : int
        Such as the number of classes.
    """

    def __init__(self, widths: Sequence[int | None], *, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_before = n_inputs
        for width in widths:
            if width is not None:
                check_positive(width=width)
                layers += [nn.Linear(n_before, width), nn.BatchNorm1d(width), nn.ReLU()]
                n_before = width
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(n_before, n_outputs)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return ``(n, n_outputs)`` for ``(n, n_inputs)``."""
        result: torch.Tensor = self.head(self.layers(inputs))
        return result
