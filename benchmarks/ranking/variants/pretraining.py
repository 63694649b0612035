"""Learn first what needs no training of an architecture: its size, its work, its paths."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
import torch
from torch import Tensor, nn

from skpbnas.spaces import NASBench101Space, cell_costs

from .messages import MessageNetwork
from .trained import Graphs, TorchRanker, as_graphs, descend, descriptors

N_UNLABELLED, N_STEPS, BATCH = 10_000, 300, 512


@cache
def unlabelled() -> tuple[Graphs, Tensor]:
    """Return random cells, and their standardised logarithms of parameters and FLOPs, and descriptors."""
    space = NASBench101Space()
    rows = space.sample(N_UNLABELLED, np.random.default_rng(0))
    graphs = as_graphs(rows, descriptors().fit(rows))
    costs = torch.as_tensor(np.log(np.stack(cell_costs(space, rows), axis=1))).float()
    costs = (costs - costs.mean(dim=0)) / costs.std(dim=0)
    return graphs, torch.cat([costs, graphs.descriptors], dim=1)


def pretrain(
    network: MessageNetwork, graphs: Graphs, loss: Callable[[Tensor], Tensor], n_targets: int | None = None
) -> None:
    """Predict the targets of random cells, then train on the labels."""
    cells, targets = unlabelled()
    targets = targets[:, :n_targets]
    head = nn.Linear(2 * network.width, targets.shape[1])
    optimizer = torch.optim.AdamW([*network.parameters(), *head.parameters()], 0.005)
    for _ in range(N_STEPS):
        batch = torch.randint(N_UNLABELLED, (BATCH,))
        optimizer.zero_grad()
        embedded = network.embed(cells.adjacency[batch], cells.features[batch])
        (head(embedded) - targets[batch]).square().mean().backward()
        optimizer.step()
    descend(network, graphs, loss)


def ranker(seed: int, n_targets: int | None = None) -> TorchRanker:
    return TorchRanker(MessageNetwork, training=partial(pretrain, n_targets=n_targets), random_state=seed)


VARIANTS = {
    "pre-trained on parameters and FLOPs": partial(ranker, n_targets=2),
    "pre-trained on all descriptors too": ranker,
}
