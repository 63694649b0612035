"""Other messages between the nodes: gated by operations, weighted by attention, between siblings."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from .trained import Graphs, TorchRanker

Relations = Callable[[Tensor], list[Tensor]]  # from adjacency to matrices (n, L, L): who hears whom


def both_ways(A: Tensor) -> list[Tensor]:
    return [A, A.transpose(1, 2)]


def and_siblings(A: Tensor) -> list[Tensor]:
    """Also nodes with a common successor, A A^T, and with a common predecessor, A^T A (NN-Former)."""
    back = A.transpose(1, 2)
    return [A, back, (A @ back).clamp(max=1), (back @ A).clamp(max=1)]


class MessageNetwork(nn.Module):
    """The library's network, with messages along any relations.

    Parameters
    ----------
    n_features, n_descriptors : int
    relations : callable
    gated : bool
        Whether the operation of a node gates what it hears: times sigmoid of a linear map of its features
        (GATES, Ning et al. 2020).
    attentive : bool
        Whether messages are weighted by attention over the nodes that a relation allows, and the node itself.
    """

    def __init__(
        self,
        n_features: int,
        n_descriptors: int = 0,
        relations: Relations = both_ways,
        gated: bool = False,
        attentive: bool = False,
        width: int = 32,
        depth: int = 3,
    ) -> None:
        super().__init__()
        self.relations, self.gated, self.attentive, self.width = relations, gated, attentive, width
        n_relations = len(relations(torch.zeros(1, 1, 1)))
        dims = [n_features] + [width] * depth
        self.send, self.norms, self.gates = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        self.ask = nn.ModuleList()
        for n_in in dims[:-1]:
            linear = nn.Linear(n_in, n_relations * width, bias=False)
            nn.init.normal_(linear.weight, std=math.sqrt(2 / (n_in * n_relations)))
            self.send.append(linear)
            self.norms.append(nn.LayerNorm(width))
            self.gates.append(nn.Linear(n_features, width) if gated else nn.Identity())
            self.ask.append(nn.Linear(n_in, 2 * n_relations * width) if attentive else nn.Identity())
        self.output = nn.Linear(2 * width, 1, bias=False)
        nn.init.normal_(self.output.weight, std=1 / math.sqrt(width))

    def forward(self, graphs: Graphs) -> Tensor:
        """Score graphs."""
        return self.output(self.embed(graphs.adjacency, graphs.features))[:, 0]

    def embed(self, A: Tensor, X: Tensor) -> Tensor:
        """Return the mean of the nodes and that of the last ones, ``(n, 2 * width)``."""
        loops = torch.eye(A.shape[1])
        heard = torch.stack([relation + loops for relation in self.relations(A)], dim=1)  # (n, R, L, L)
        hidden = X
        for layer, (send, norm) in enumerate(zip(self.send, self.norms, strict=True)):
            sent = send(hidden).unflatten(-1, (-1, self.width)).transpose(1, 2)  # (n, R, L, width)
            received = norm((self._weights(layer, heard, hidden) @ sent).sum(dim=1))
            if self.gated:
                received = received * self.gates[layer](X).sigmoid()
            new = received.relu()
            hidden = hidden + new if new.shape == hidden.shape else new
        present = (X != 0).any(dim=2).float()
        last = present * ~(A > 0).any(dim=2)
        pooling = torch.stack([present, last], dim=1)
        return ((pooling / pooling.sum(dim=2, keepdim=True).clamp(min=1)) @ hidden).flatten(1)

    def _weights(self, layer: int, heard: Tensor, hidden: Tensor) -> Tensor:
        if not self.attentive:
            return heard * heard.sum(dim=-1, keepdim=True).rsqrt()
        query, key = self.ask[layer](hidden).unflatten(-1, (-1, 2, self.width)).permute(3, 0, 2, 1, 4)
        likeness = query @ key.transpose(-1, -2) / math.sqrt(self.width)
        return likeness.masked_fill(heard == 0, -torch.inf).softmax(dim=-1)


def ranker(seed: int, **parameters: Any) -> TorchRanker:
    return TorchRanker(partial(MessageNetwork, **parameters), random_state=seed)


VARIANTS = {
    "small network": ranker,  # the library's, made here
    "messages gated by operations": partial(ranker, gated=True),
    "messages between siblings too": partial(ranker, relations=and_siblings),
    "messages by attention": partial(ranker, attentive=True),
    "messages by attention, siblings too": partial(ranker, attentive=True, relations=and_siblings),
}
