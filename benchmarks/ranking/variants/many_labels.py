"""Networks for thousands of labels: mini-batches, siblings as neighbours, and descriptors at the read-out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from torch import Tensor, nn
from torch.nn.functional import dropout, softplus

from skpbnas import EnsembleRankPredictor, GPRankPredictor, GraphDescriptors

from .described import counts_and_roots
from .features import describe_nodes
from .trained import N_NODES, as_graphs

WIDTH, N_LAYERS, HIDDEN, DROPOUT = 48, 3, 256, 0.2
N_EPOCHS, BATCH, RATE, DECAY, WARM_UP = 90, 256, 1e-3, 2.0, 100


class Batch(NamedTuple):
    """Messages ``(n, L, 5 L)``, nodes ``(n, L, d)``, read-outs ``(n, 2, L)`` and descriptors ``(n, k)``."""

    messages: Tensor
    nodes: Tensor
    pooling: Tensor
    descriptors: Tensor


class SiblingNetwork(nn.Module):
    """Messages from a node itself, both ways along edges, and from nodes with a common neighbour."""

    def __init__(self, n_features: int, n_descriptors: int) -> None:
        super().__init__()
        self.first = nn.Linear(n_features, WIDTH)
        self.norms = nn.ModuleList([nn.LayerNorm(WIDTH) for _ in range(N_LAYERS)])
        self.sent = nn.ModuleList([nn.Linear(WIDTH, 5 * WIDTH) for _ in range(N_LAYERS)])
        self.norm = nn.LayerNorm(2 * WIDTH)
        self.hidden = nn.ModuleList([nn.Linear(n_descriptors + 2 * WIDTH, HIDDEN), nn.Linear(HIDDEN, HIDDEN)])
        self.last = nn.Linear(HIDDEN, 1)

    def forward(self, batch: Batch) -> Tensor:
        """Return the scores ``(n,)``."""
        nodes = self.first(batch.nodes)
        for norm, sent in zip(self.norms, self.sent, strict=True):
            messages = sent(norm(nodes)).unflatten(2, (5, WIDTH)).transpose(1, 2).flatten(1, 2)
            nodes = nodes + self._dropped((batch.messages @ messages).relu())
        score = torch.cat([batch.descriptors, self.norm((batch.pooling @ nodes).flatten(1))], dim=1)
        for layer in self.hidden:
            score = self._dropped(layer(score).relu())
        return self.last(score)[:, 0]

    def _dropped(self, values: Tensor) -> Tensor:
        return dropout(values, DROPOUT, self.training)


class MiniBatchRanker(RegressorMixin, BaseEstimator):
    """One such network, trained on squared errors and on the pairs of each batch.

    Parameters
    ----------
    random_state : int
    """

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> MiniBatchRanker:
        """Train on rows and their normal scores."""
        rows, targets = np.asarray(X), torch.as_tensor(np.asarray(y)).float()
        self._describe = make_pipeline(
            GraphDescriptors(N_NODES), FunctionTransformer(counts_and_roots), StandardScaler()
        ).fit(rows)
        data = self._batch(rows)
        with torch.random.fork_rng():
            torch.manual_seed(self.random_state)
            self.network_ = SiblingNetwork(data.nodes.shape[2], data.descriptors.shape[1])
            optimizer = torch.optim.AdamW(self.network_.parameters(), RATE, weight_decay=DECAY, fused=True)
            n_steps = N_EPOCHS * (len(targets) // BATCH)
            for step, chosen in enumerate(_batches(len(targets), n_steps)):
                warm, cosine = min(1, (step + 1) / WARM_UP), (1 + math.cos(math.pi * step / n_steps)) / 2
                optimizer.param_groups[0]["lr"] = RATE * warm * cosine
                scores = self.network_(Batch(*(part[chosen] for part in data)))
                optimizer.zero_grad()
                _loss(scores, targets[chosen]).backward()
                optimizer.step()
        self.network_.eval()
        return self

    def predict(self, X: ArrayLike) -> NDArray:
        """Score rows."""
        rows = np.asarray(X)
        with torch.inference_mode():
            parts = [self.network_(self._batch(rows[k : k + 1000])) for k in range(0, len(rows), 1000)]
        return torch.cat(parts).double().numpy()

    def _batch(self, rows: NDArray) -> Batch:
        graphs = as_graphs(rows, self._describe)
        A, present = graphs.adjacency, graphs.features.any(dim=2).float()
        back, self_ = A.transpose(1, 2), torch.eye(N_NODES).expand_as(A)
        siblings = [((one @ other) > 0).float() * (1 - self_) for one, other in ((A, back), (back, A))]
        ways = [way / way.sum(2, keepdim=True).clamp(min=1).sqrt() for way in (A, back, *siblings)]
        last = present * (A.sum(dim=2) == 0)
        pooling = torch.stack([present, last], dim=1)
        nodes = torch.cat([graphs.features, describe_nodes(graphs) * present[:, :, None]], dim=2)
        return Batch(
            torch.cat([self_, *ways], dim=2),
            nodes,
            pooling / pooling.sum(dim=2, keepdim=True),
            graphs.descriptors.clamp(-8, 8),
        )


def _batches(n: int, n_steps: int) -> Iterator[Tensor]:
    for step in range(n_steps):
        place = step % (n // BATCH)
        if place == 0:
            order = torch.randperm(n)
        yield order[place * BATCH : (place + 1) * BATCH]


def _loss(scores: Tensor, targets: Tensor) -> Tensor:
    better = targets[:, None] > targets
    pairs = softplus(scores - scores[:, None])[better].mean()
    return (scores - targets).square().mean() + pairs


def networks(seed: int) -> list[tuple[str, MiniBatchRanker]]:
    return [(f"network_{k}", MiniBatchRanker(3 * seed + k)) for k in range(3)]


def networks_and_process(seed: int) -> EnsembleRankPredictor:
    """Average three networks with the process, which has a third of the weight."""
    members = [("process", GPRankPredictor(N_NODES)), *networks(seed)]
    return EnsembleRankPredictor(members, weights=[1.5, 1.0, 1.0, 1.0])
