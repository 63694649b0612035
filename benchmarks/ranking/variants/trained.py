"""A small trainer for networks and losses that the library does not have."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from torch import Tensor, nn
from torch.nn.functional import softplus

from skpbnas import GraphDescriptors

N_NODES = 7


class Graphs(NamedTuple):
    """n graphs: adjacency ``(n, L, L)``, node features ``(n, L, d)``, standardised descriptors ``(n, k)``."""

    adjacency: Tensor
    features: Tensor
    descriptors: Tensor


Loss = Callable[[Tensor, Tensor], Tensor]  # of scores and targets, both (n,)
Training = Callable[[nn.Module, Graphs, Callable[[Tensor], Tensor]], None]


def pairs(scores: Tensor, y: Tensor) -> Tensor:
    """Return the cross-entropy over all pairs, which is the library's loss."""
    better = y[:, None] > y
    return softplus(scores - scores[:, None])[better].mean()


def descend(
    network: nn.Module, graphs: Graphs, loss: Callable[[Tensor], Tensor], n_epochs: int = 100
) -> None:
    """Train as the library does: AdamW over full batches, half a cosine to zero."""
    optimizer = torch.optim.AdamW(network.parameters(), 0.01, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda k: (1 + math.cos(math.pi * k / n_epochs)) / 2
    )
    for _ in range(n_epochs):
        optimizer.zero_grad()
        loss(network(graphs)).backward()
        optimizer.step()
        schedule.step()


class TorchRanker(RegressorMixin, BaseEstimator):
    """Trains a network on graphs.

    Parameters
    ----------
    make_network : callable
        Returns a module that maps :class:`Graphs` to scores ``(n,)``, given the numbers of node features and
        of descriptors.
    loss : callable
    training : callable
    random_state : int
    """

    def __init__(
        self,
        make_network: Callable[[int, int], nn.Module],
        loss: Loss = pairs,
        training: Training = descend,
        random_state: int = 0,
    ) -> None:
        self.make_network, self.loss, self.training = make_network, loss, training
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> TorchRanker:
        """Train on rows and their scores."""
        self._describe = descriptors().fit(X)
        graphs, targets = self._graphs(np.asarray(X)), torch.as_tensor(np.asarray(y, dtype=np.float64))
        with torch.random.fork_rng():
            torch.manual_seed(self.random_state)
            self.network_ = self.make_network(graphs.features.shape[2], graphs.descriptors.shape[1])
            self.training(self.network_, graphs, lambda scores: self.loss(scores, targets))
        return self

    def predict(self, X: ArrayLike) -> NDArray:
        """Score rows."""
        rows = np.asarray(X)
        with torch.inference_mode():
            parts = [self.network_(self._graphs(rows[k : k + 5000])) for k in range(0, len(rows), 5000)]
        return torch.cat(parts).double().numpy()

    def _graphs(self, X: NDArray) -> Graphs:
        return as_graphs(X, self._describe)


def descriptors() -> Pipeline:
    return make_pipeline(GraphDescriptors(N_NODES), FunctionTransformer(np.sqrt), StandardScaler())


def as_graphs(X: NDArray, describe: Pipeline) -> Graphs:
    rows = torch.as_tensor(X).float()
    adjacency, features = rows[:, : N_NODES**2], rows[:, N_NODES**2 :]
    return Graphs(
        adjacency.reshape(-1, N_NODES, N_NODES),
        features.reshape(len(rows), N_NODES, -1),
        torch.as_tensor(describe.transform(X)).float(),
    )
