"""One set of weights for all networks of a space: trained once, it scores any of them without training it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from ..spaces import SearchSpace
from ._checks import check_positive
from ._data import Data
from ._training import (
    evaluate_network,
    isolated,
    shuffled_batches,
    token_loss,
    warm_cosine,
)

_N_CALIBRATION = 256  # examples from which the statistics of batch normalisation are taken


class SuperNetwork(nn.Module):
    """The weights of the largest network, of which those of every other one are a part.

    A weight of a smaller network is the first channels of the one with the same name, and of a convolution's
    filter the middle; a shallower network has the first blocks. This holds for networks whose layers have the
    same names whatever their size, such as :class:`ResidualCNN` and :class:`CausalTransformer`, and for
    networks of your own that are built so.

    Parameters
    ----------
    build : callable
        ``build(architecture)`` returns a network.
    largest : object
        The architecture with the most of everything.

    Examples
    --------
    >>> from skpbnas.nn import MLP, SuperNetwork
    >>> shared = SuperNetwork(lambda widths: MLP(widths, n_inputs=4, n_outputs=3), largest=(32, 32))
    >>> network = shared.subnetwork((8, 16))
    >>> network.layers[0].weight.equal(shared.network.layers[0].weight[:8])
    True
    """

    def __init__(self, build: Callable[[Any], nn.Module], largest: Any) -> None:
        super().__init__()
        self.build, self.largest = build, largest
        self.network = build(largest)

    def forward(self, architecture: Any, inputs: torch.Tensor) -> torch.Tensor:
        """Return the outputs of one network in training, through which gradients reach the shared weights.

        In evaluation, batch normalisation needs statistics of each network; see :meth:`subnetwork`.
        """
        network = self.build(architecture).train(self.training)
        result: torch.Tensor = functional_call(network, self._weights(network), (inputs,))
        return result

    def _weights(self, network: nn.Module) -> dict[str, torch.Tensor]:
        shared = dict(self.network.named_parameters())
        return {
            name: _part(shared.get(name), parameter, name) for name, parameter in network.named_parameters()
        }

    @torch.no_grad()
    def subnetwork(self, architecture: Any, inputs: torch.Tensor | None = None) -> nn.Module:
        """Return one network as a module of its own, with a copy of its weights.

        Parameters
        ----------
        architecture : object
        inputs : Tensor, optional
            From which the network takes its statistics of batch normalisation: those of the shared weights
            are other ones for each architecture (Yu and Huang 2019, section 4.2).

        Returns
        -------
        torch.nn.Module
            In evaluation mode.
        """
        network = self.build(architecture)
        for parameter, value in zip(network.parameters(), self._weights(network).values(), strict=True):
            parameter.copy_(value)
        normalisations = [
            module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)
        ]
        if inputs is not None and normalisations:
            for module in normalisations:
                module.reset_running_stats()
                module.momentum = None  # the mean over all batches
            network.train()(inputs)
            for module in normalisations:
                module.momentum = 0.1
        return network.eval()

    def score(self, architecture: Any, data: Data) -> float:
        """Return the validation score of one network with shared weights; see :func:`evaluate_network`."""
        with isolated(0):  # building it draws numbers
            network = self.subnetwork(architecture, data.train[0][:_N_CALIBRATION])
        return evaluate_network(network, data.validation)


def train_supernetwork(
    build: Callable[[Any], nn.Module],
    space: SearchSpace,
    data: Data,
    *,
    largest: Any,
    smallest: Any,
    n_random: int = 2,
    n_epochs: int = 20,
    batch_size: int = 32,
    learning_rate: float = 5e-3,
    weight_decay: float = 1e-2,
    seed: int = 0,
) -> SuperNetwork:
    """Train the weights that all networks of a space share, once.

    Each step trains the largest network on the labels, and the smallest one and a few random ones on what the
    largest predicts: the sandwich rule with in-place distillation.

    Parameters
    ----------
    build : callable
        ``build(architecture)`` returns a network.
    space : SearchSpace
        From which the random networks are drawn.
    data : Data
    largest, smallest : object
        The architectures between which all others lie.
    n_random : int, default=2
        Random networks of each step.
    n_epochs, batch_size, learning_rate, weight_decay, seed
        As in :func:`train_network`. An epoch takes about as long as one of the largest network and
        ``n_random + 1`` others.

    Returns
    -------
    SuperNetwork
        ``shared.score(architecture, data)`` is an objective that takes no training, and
        ``train_network(shared.subnetwork(architecture), data)`` trains the chosen one further.

    References
    ----------
    Yu and Huang, "Universally Slimmable Networks and Improved Training Techniques", ICCV 2019: the sandwich
    rule. Cai et al., "Once-for-All", ICLR 2020, and Chen et al., "AutoFormer", ICCV 2021: depth, kernels and
    heads.
    """
    check_positive(n_epochs=n_epochs, batch_size=batch_size)
    rng = np.random.default_rng(seed)
    inputs, labels = data.train
    with isolated(seed):
        shared = SuperNetwork(build, largest)
        n_steps = n_epochs * math.ceil(len(inputs) / batch_size)
        optimizer = torch.optim.AdamW(shared.parameters(), learning_rate, weight_decay=weight_decay)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: warm_cosine(step / n_steps))
        for _ in range(n_epochs):
            for batch in shuffled_batches(len(inputs), batch_size):
                optimizer.zero_grad()
                outputs = shared(largest, inputs[batch])
                token_loss(outputs, labels[batch]).backward()
                target = outputs.detach().flatten(0, -2).softmax(dim=-1)
                for architecture in (smallest, *space.decode(space.sample(n_random, rng))):
                    cross_entropy(shared(architecture, inputs[batch]).flatten(0, -2), target).backward()
                optimizer.step()
                schedule.step()
    return shared.eval()


def _part(shared: torch.Tensor | None, wanted: torch.Tensor, name: str) -> torch.Tensor:
    """Return the first channels of a shared weight, and of further dimensions the middle."""
    if (
        shared is None
        or shared.ndim != wanted.ndim
        or any(n > m for n, m in zip(wanted.shape, shared.shape, strict=True))
    ):
        raise ValueError(
            f"the weight {name!r} of shape {tuple(wanted.shape)} is no part of the largest network, which "
            f"has {None if shared is None else tuple(shared.shape)} there; give a largest architecture that "
            f"has the most of everything"
        )
    for dimension, size in enumerate(wanted.shape):
        start = (shared.shape[dimension] - size) // 2 if dimension > 1 else 0
        shared = shared.narrow(dimension, start, size)
    return shared
