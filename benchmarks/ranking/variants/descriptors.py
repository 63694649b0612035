"""The Gaussian process on fewer, more, or otherwise scaled descriptors."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.preprocessing import QuantileTransformer

from skpbnas import GraphDescriptors
from skpbnas.predictors._network import GraphConvolutionalNetwork
from skpbnas.spaces import NASBench101Space

from .described import N_NODES, described, roots, without_walks
from .process import VariedProcess, process


def two_edges_apart(A: NDArray, F: NDArray) -> NDArray:
    """Count pairs of operations by the ways of two edges between them."""
    return _pairs(A @ A, F)


def siblings(A: NDArray, F: NDArray) -> NDArray:
    """Count pairs of operations by their common successors, and by their common predecessors."""
    back = A.swapaxes(1, 2)
    different = 1 - np.eye(A.shape[1])
    return np.concatenate([_pairs(A @ back * different, F), _pairs(back @ A * different, F)], axis=1)


def triples(A: NDArray, F: NDArray) -> NDArray:
    """Count triples of operations in a row."""
    ends = np.einsum("nia,nij,njb->najb", F, A, F, optimize=True)
    return np.einsum("najb,njk,nkc->nabc", ends, A, F, optimize=True).reshape(len(A), -1)


def depths(A: NDArray, F: NDArray) -> NDArray:
    """Add up, for each operation, the longest ways to its nodes, and those from them."""
    before = after = np.zeros(A.shape[:2])
    for _ in range(A.shape[1] - 1):
        before = (A * (before[:, :, None] + 1)).max(axis=1)
        after = (A * (after[:, None] + 1)).max(axis=2)
    return np.concatenate([(before[:, None] @ F)[:, 0], (after[:, None] @ F)[:, 0]], axis=1)


def forward_flow(A: NDArray, F: NDArray) -> NDArray:
    """Add up, for each operation, how often a walk forward from the input meets it, and the squares."""
    outgoing, incoming = A.sum(axis=2), A.sum(axis=1)
    ahead = A / np.maximum(outgoing, 1)[:, :, None]
    walk = (F.any(axis=2) & (incoming == 0)).astype(float)[:, None]
    met = walk.copy()
    for _ in range(A.shape[1] - 1):
        walk = walk @ ahead
        met += walk
    return np.concatenate([met @ F, met**2 @ F], axis=2)[:, 0]


def random_networks(A: NDArray, F: NDArray) -> NDArray:
    """Return the scores of 64 networks with random weights: a draw of the prior of a wide ensemble."""
    network = _untrained(F.shape[2])
    with torch.inference_mode():
        indices = [
            network.index(A[k : k + 1000], F[k : k + 1000], torch.float32, gradients=False)
            for k in range(0, len(A), 1000)
        ]
        return torch.cat([network.score_contexts(index) for index in indices], dim=1).T.double().numpy()


@cache
def _untrained(n_features: int) -> GraphConvolutionalNetwork:
    return GraphConvolutionalNetwork(n_features, [32] * 3, True, True, 64, torch.Generator().manual_seed(0))


def _pairs(M: NDArray, F: NDArray) -> NDArray:
    return (F.swapaxes(1, 2) @ M @ F).reshape(len(F), -1)


@cache
def whole_space() -> NDArray:
    """Return random cells of the space, which need no label."""
    return NASBench101Space().sample(20_000, np.random.default_rng(0))


@cache
def _ranks_in_the_space() -> QuantileTransformer:
    values = GraphDescriptors(N_NODES).fit_transform(whole_space()).astype(np.float64)
    return QuantileTransformer(output_distribution="normal", random_state=0).fit(values)


def on(seed: int, **choices: Any) -> VariedProcess:
    """Return the process on columns of choice."""
    return process(seed, columns=partial(described, **choices))


VARIANTS = {
    "descriptors: no walks": partial(on, keep=without_walks),
    "descriptors: roots only": partial(on, transform=roots),
    "descriptors: counts only": partial(on, transform=lambda values: values),
    "descriptors: logarithms only": partial(on, transform=lambda values: np.log(values + 0.1)),
    "descriptors: ranks in the space": partial(
        on, transform=lambda values: _ranks_in_the_space().transform(values)
    ),
    "descriptors: spreads of the space": lambda seed: process(seed, reference=whole_space()),
    "descriptors: one scale for all": partial(on, group=lambda name: "all"),
    "descriptors: a scale for each": partial(on, group=lambda name: name),
    "descriptors: and two edges apart": partial(on, extra=two_edges_apart),
    "descriptors: and siblings": partial(on, extra=siblings),
    "descriptors: and triples": partial(on, extra=triples),
    "descriptors: and depths": partial(on, extra=depths),
    "descriptors: and walks from the input": partial(on, extra=forward_flow),
    "descriptors: and random networks": partial(on, extra=random_networks),
}
