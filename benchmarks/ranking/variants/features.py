"""The descriptors inside the network: of each node as its features, or of the graph at the read-out."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from .messages import MessageNetwork
from .trained import Graphs, TorchRanker


class NodesDescribed(nn.Module):
    """Each node also tells its degrees, its place, and how often a walk back from the output meets it."""

    def __init__(self, n_features: int, n_descriptors: int) -> None:
        super().__init__()
        self.network = MessageNetwork(n_features + 5)

    def forward(self, graphs: Graphs) -> Tensor:
        """Score graphs."""
        features = torch.cat([graphs.features, describe_nodes(graphs)], dim=2)
        return self.network(graphs._replace(features=features))


def describe_nodes(graphs: Graphs) -> Tensor:
    """Return edges in and out, longest ways from and to the ends, and walks, shape ``(n, L, 5)``."""
    A, present = graphs.adjacency, graphs.features.any(dim=2).float()
    incoming, outgoing = A.sum(dim=1), A.sum(dim=2)
    back = (A / incoming.clamp(min=1)[:, None]).transpose(1, 2)
    walk = share = present * (outgoing == 0)
    before = after = torch.zeros_like(incoming)
    for _ in range(A.shape[1] - 1):
        walk = (walk[:, None] @ back)[:, 0]
        share = share + walk
        before = (A * (before[:, :, None] + 1)).amax(dim=1)
        after = (A * (after[:, None] + 1)).amax(dim=2)
    return torch.stack([incoming / 2, outgoing / 2, before / 2, after / 2, 2 * share], dim=2)


class GraphDescribed(nn.Module):
    """The score of the network and of a perceptron on the descriptors, added up."""

    def __init__(self, n_features: int, n_descriptors: int) -> None:
        super().__init__()
        self.network = MessageNetwork(n_features)
        self.perceptron = nn.Sequential(nn.Linear(n_descriptors, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, graphs: Graphs) -> Tensor:
        """Score graphs."""
        return self.network(graphs) + self.perceptron(graphs.descriptors)[:, 0]


def ranker(seed: int, network: type[nn.Module]) -> TorchRanker:
    return TorchRanker(network, random_state=seed)


VARIANTS = {
    "descriptors of nodes as features": partial(ranker, network=NodesDescribed),
    "descriptors at the read-out": partial(ranker, network=GraphDescribed),
}
