"""What a network reads of its graphs beside its own features: their descriptors."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .._rows import join_rows, n_columns
from ..preprocessing import GraphDescriptors
from ..preprocessing._descriptors import signed_roots

WIDTH = 64  # of the hidden layer


class DescribedReadOut(nn.Module):
    """Scores of graphs from their descriptors: a perceptron for each member of a batch of networks.

    Parameters
    ----------
    n_descriptors : int
    n_members : int
        E, the number of networks.
    generator : torch.Generator
        For the initial weights.
    """

    mean: Tensor
    weight: Tensor

    def __init__(self, n_descriptors: int, n_members: int, generator: torch.Generator) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_descriptors))
        self.register_buffer("weight", torch.ones(n_descriptors))
        first, last = (n_members, n_descriptors, WIDTH), (n_members, WIDTH, 1)
        self.first = nn.Parameter(torch.randn(first, generator=generator) / math.sqrt(3 * n_descriptors))
        self.bias = nn.Parameter(torch.zeros(n_members, 1, WIDTH))
        self.last = nn.Parameter(torch.randn(last, generator=generator) / math.sqrt(3 * WIDTH))

    def adapt(self, descriptors: Tensor, kinds: Sequence[str]) -> None:
        """Standardise descriptors ``(n, k)``; kinds of many descriptors are no louder than those of few."""
        spread, self.mean = torch.std_mean(descriptors.double(), dim=0, correction=0)
        varying = spread > 1e-9 * self.mean.abs() + 1e-12
        number = torch.as_tensor(np.unique(np.array(kinds), return_inverse=True)[1], device=spread.device)
        counts = torch.bincount(number, varying.double())
        loudness = (counts / counts.mean().clamp(min=1)).clamp(min=1e-9).sqrt()[number]
        self.weight = torch.where(varying, 1 / (spread * loudness), 0).to(descriptors.dtype)
        self.mean = self.mean.to(descriptors.dtype)

    def forward(self, descriptors: Tensor) -> Tensor:
        """Return the scores ``(E, n)`` of graphs with descriptors ``(n, k)``."""
        standard = (descriptors - self.mean) * self.weight
        return ((standard @ self.first + self.bias).relu() @ self.last)[..., 0]


def descriptor_kinds(n_nodes: int, n_features: int) -> list[str]:
    """Return the kind of each descriptor of graphs with so many nodes and features of a node."""
    return _descriptors(n_nodes, n_features).roles_


def descriptors_of(adjacency: NDArray, features: NDArray) -> NDArray:
    """Return the roots of the descriptors of graphs ``(n, L, L)`` with node features ``(n, L, d)``."""
    descriptors = _descriptors(*features.shape[1:])
    if not len(features):
        return np.zeros((0, len(descriptors.roles_)))
    return signed_roots(descriptors.transform(join_rows(adjacency, features)))


def _descriptors(n_nodes: int, n_features: int) -> GraphDescriptors:
    return GraphDescriptors(n_nodes).fit(np.zeros((1, n_columns(n_nodes, n_features))))
