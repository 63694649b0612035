"""Runs of layers that are alike: chains that differ only in where a run leaves layers out are the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._choices import Identity, show

Choices = NDArray[np.intp]  # (n, n_layers), the number of each layer's choice; to leave it out is the last


class Run(NamedTuple):
    """Consecutive layers with the same choices, one of which is the identity.

    Attributes
    ----------
    layers : slice
    n_layers : int
    n_options : int
        Choices of each layer that do something; their number is also that of the identity.
    """

    layers: slice
    n_layers: int
    n_options: int

    @property
    def sizes(self) -> list[int]:
        """How many different parts of an architecture there are with 0, 1, 2 and so on layers."""
        return [self.n_options**depth for depth in range(self.n_layers + 1)]

    def draw(self, n: int, rng: np.random.Generator) -> Choices:
        """Draw parts of architectures, ``(n, n_layers)``, uniformly, with the layers left out at the end."""
        share = np.power(float(self.n_options), np.arange(-self.n_layers, 1.0))  # of each depth, in any size
        depth = rng.choice(self.n_layers + 1, size=n, p=share / share.sum())
        drawn = rng.integers(self.n_options, size=(n, self.n_layers))
        return np.where(np.arange(self.n_layers) < depth[:, None], drawn, self.n_options)

    def listed(self) -> Choices:
        """Return each part once; the last layer changes fastest, and to leave it out comes last."""
        parts = [
            (*chosen, *[self.n_options] * (self.n_layers - depth))
            for depth in range(self.n_layers + 1)
            for chosen in product(range(self.n_options), repeat=depth)
        ]
        return np.array(sorted(parts), np.intp)


class Runs:
    """The runs of a chain.

    Parameters
    ----------
    choices : sequence of sequence
        Of each layer.
    """

    def __init__(self, choices: Sequence[Sequence[Any]]) -> None:
        self._runs = list(_runs(choices))

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs)

    def packed(self, choices: Choices) -> Choices:
        """Return the same architectures with the layers that are left out at the end of each run."""
        return self._arranged(choices, lambda out: np.zeros(out.shape))

    def scattered(self, choices: Choices, rng: np.random.Generator) -> Choices:
        """Return the same architectures with the layers that are left out anywhere in their run."""
        return self._arranged(choices, lambda out: rng.random(out.shape))

    def _arranged(self, choices: Choices, order: Any) -> Choices:
        """Return choices whose layers stand, in their order, at the places of the smallest numbers."""
        if not self._runs:
            return choices
        arranged = choices.copy()
        for run in self._runs:
            part = choices[:, run.layers]
            there = part < run.n_options
            place = np.argsort(order(part), axis=1, kind="stable").argsort(axis=1)
            taken = place < there.sum(axis=1)[:, None]
            moved = np.full_like(part, run.n_options)
            moved[taken] = part[there]  # both row by row, and as many in each
            arranged[:, run.layers] = moved
        return arranged


def _runs(choices: Sequence[Sequence[Any]]) -> Iterator[Run]:
    start = 0
    for _, alike in groupby(choices, show):
        layer, *others = alike
        n_layers = 1 + len(others)
        if others and any(isinstance(choice, Identity) for choice in layer):
            yield Run(slice(start, start + n_layers), n_layers, len(layer) - 1)
        start += n_layers
