"""Averages of the weights that a network passes through."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, get_swa_multi_avg_fn

from .messages import MessageNetwork
from .trained import Graphs, TorchRanker, Training


def late_average(network: nn.Module, graphs: Graphs, loss: Callable[[Tensor], Tensor]) -> None:
    """Average the second half of 100 epochs at a constant rate (Izmailov et al. 2018)."""
    _train(network, graphs, loss, AveragedModel(network, multi_avg_fn=get_swa_multi_avg_fn()), first=50)


def moving_average(network: nn.Module, graphs: Graphs, loss: Callable[[Tensor], Tensor]) -> None:
    """Keep an exponential average over about twenty epochs."""
    _train(network, graphs, loss, AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.95)), first=0)


def _train(
    network: nn.Module, graphs: Graphs, loss: Callable[[Tensor], Tensor], average: AveragedModel, first: int
) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), 0.01, weight_decay=0.01)
    for epoch in range(100):
        optimizer.zero_grad()
        loss(network(graphs)).backward()
        optimizer.step()
        if epoch >= first:
            average.update_parameters(network)
    network.load_state_dict(average.module.state_dict())


def ranker(seed: int, training: Training) -> TorchRanker:
    return TorchRanker(MessageNetwork, training=training, random_state=seed)


VARIANTS = {
    "late weights averaged (SWA)": partial(ranker, training=late_average),
    "weights averaged (EMA)": partial(ranker, training=moving_average),
}
