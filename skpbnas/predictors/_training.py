"""Losses and the training loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from ._contexts import ContextIndex
from ._network import GraphConvolutionalNetwork
from ._pairs import MAX_ALL_PAIRS, PairwiseLoss, sampled_pairwise_loss


def squared_loss(scores: Tensor, y: Tensor) -> Tensor:
    """Mean squared error on standardised targets, added up over the members."""
    target = (y - y.mean()) / y.std(correction=0).clamp(min=torch.finfo(y.dtype).tiny)
    return (scores - target.to(scores.dtype)).square().mean(dim=1).sum()


def make_loss(name: str, y: Tensor, n_members: int, generator: torch.Generator) -> Callable[[Tensor], Tensor]:
    """Return the loss as a function of the scores ``(E, n)``."""
    if name == "mse":
        return lambda scores: squared_loss(scores, y)
    if len(y) > MAX_ALL_PAIRS:
        return lambda scores: sampled_pairwise_loss(scores, y, generator)
    return PairwiseLoss(y, n_members)


def make_optimizer(
    network: GraphConvolutionalNetwork, solver: str, learning_rate: float, weight_decay: float
) -> torch.optim.Optimizer:
    """Return SGD with momentum 0.9, as in section 5, or AdamW."""
    parameters = list(network.parameters())
    if solver == "sgd":
        return torch.optim.SGD(parameters, learning_rate, momentum=0.9, weight_decay=weight_decay)
    return torch.optim.AdamW(parameters, learning_rate, weight_decay=weight_decay, fused=True)


def train(
    network: GraphConvolutionalNetwork,
    index: ContextIndex,
    loss: Callable[[Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    n_epochs: int,
) -> list[float]:
    """Minimise the loss over full batches; return the mean loss of a member at each epoch.

    The learning rate follows half a cosine to zero, step by step. Training ends early where the loss is no
    number.
    """
    start = [group["lr"] for group in optimizer.param_groups]
    curve = []
    for epoch in range(n_epochs):
        for group, rate in zip(optimizer.param_groups, start, strict=True):
            group["lr"] = rate * (1 + math.cos(math.pi * epoch / n_epochs)) / 2
        optimizer.zero_grad()
        value = loss(network.score_contexts(index))
        value.backward()
        optimizer.step()
        curve.append(value.item() / network.n_members)
        if not math.isfinite(curve[-1]):
            break
    return curve


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Use one thread, so that gradients do not depend on how many there are; afterwards as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
