"""Scores of networks that are not trained, each of one batch.

- ``nwot``: Mellor et al. 2021, "Neural Architecture Search without Training"; ``jacov``: its first version.
- ``synflow``: Tanaka et al. 2020, "Pruning neural networks without any data by iteratively conserving
  synaptic flow".
- ``snip``: Lee et al. 2019, "SNIP: Single-shot Network Pruning based on Connection Sensitivity".

Abdelfattah et al. 2021, "Zero-Cost Proxies for Lightweight NAS", made scores of networks of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from ._costs import count_costs

_SMALL = 1e-5  # added to eigenvalues by jacov


class Batch(NamedTuple):
    """What the scores are of.

    Attributes
    ----------
    inputs : Tensor of shape (n, ...)
    targets : Tensor or None
    loss : callable
        Of outputs and targets.
    """

    inputs: torch.Tensor
    targets: torch.Tensor | None
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def nwot(network: nn.Module, batch: Batch) -> float:
    """Return how well the units that are active tell the inputs apart.

    The logarithm of the determinant of the matrix that counts, for each pair of inputs, the units of all
    activation functions that are on for both or off for both (Mellor et al. 2021, section 3). Where the
    matrix is singular, as of inputs that are not told apart, its diagonal is one larger.
    """
    network.train()
    with torch.no_grad(), _Activations(len(batch.inputs)) as activations:
        network(batch.inputs)
    agree = activations.agree.cpu().numpy()
    sign, logarithm = np.linalg.slogdet(agree)
    if sign <= 0 or logarithm < 0:  # a matrix of whole numbers with a determinant has at least 1
        sign, logarithm = np.linalg.slogdet(agree + np.eye(len(agree)))
    return float(logarithm)


def jacov(network: nn.Module, batch: Batch) -> float:
    """Return how little the outputs depend on different inputs in the same way.

    Minus the sum of ``log(v + k) + 1 / (v + k)``, with ``k = 1e-5``, over the eigenvalues v of the
    correlation matrix of the gradients of the summed outputs by each input. A gradient without variance
    counts as correlated with all others.
    """
    network.train()
    inputs = batch.inputs.detach().clone().requires_grad_()
    outputs = network(inputs)
    gradient = torch.autograd.grad(outputs.sum(), inputs, allow_unused=True)[0]
    gradients = np.zeros((len(inputs), 1)) if gradient is None else _rows(gradient)
    centered = gradients - gradients.mean(axis=1, keepdims=True)
    length = np.sqrt((centered**2).sum(axis=1))
    correlation = np.ones((len(inputs), len(inputs)))
    varies = length > 1e-12 * np.abs(gradients).max(axis=1) + 1e-30
    unit = centered[varies] / length[varies, None]
    correlation[np.ix_(varies, varies)] = unit @ unit.T
    np.fill_diagonal(correlation, 1.0)
    values = np.maximum(np.linalg.eigvalsh(correlation), 0.0) + _SMALL
    return float(-(np.log(values) + 1 / values).sum())


def synflow(network: nn.Module, batch: Batch) -> float:
    """Return the synaptic flow through all weights, of one input of ones.

    The sum over weights of ``w * dR/dw``, where R is the sum of the outputs of the network with the absolute
    values of all parameters (Tanaka et al. 2020). Weights are those of at least two dimensions;
    batch normalisation uses its initial statistics. In double precision.
    """
    network.double().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    one = batch.inputs[:1]
    example = torch.ones_like(one, dtype=torch.double) if one.is_floating_point() else one
    return _saliency(network, network(example).sum()).sum().item()


def snip(network: nn.Module, batch: Batch) -> float:
    """Return how much the loss depends on connections: the sum of ``|w * dL/dw|`` over weights.

    L is the loss of the batch: the sensitivity of Lee et al. 2019, before it is normalised over the network,
    summed as by Abdelfattah et al. 2021.
    """
    assert batch.targets is not None
    network.train()
    return _saliency(network, batch.loss(network(batch.inputs), batch.targets)).abs().sum().item()


def parameters(network: nn.Module, batch: Batch) -> float:
    """Return the number of trainable parameters."""
    return float(sum(p.numel() for p in network.parameters() if p.requires_grad))


def flops(network: nn.Module, batch: Batch) -> float:
    """Return the floating-point operations of one input."""
    return float(count_costs(network, batch.inputs[:1]).flops)


PROXIES: dict[str, Callable[[nn.Module, Batch], float]] = {
    "nwot": nwot,
    "jacov": jacov,
    "snip": snip,
    "synflow": synflow,
    "parameters": parameters,
    "flops": flops,
}


def _saliency(network: nn.Module, scalar: torch.Tensor) -> torch.Tensor:
    """Return ``w * d scalar / d w`` of all weights, one after the other."""
    weights = [p for p in network.parameters() if p.requires_grad and p.ndim > 1]
    if not weights or not scalar.requires_grad:
        return torch.zeros(1)
    gradients = torch.autograd.grad(scalar, weights, allow_unused=True)
    used = [(w * g).detach().flatten() for w, g in zip(weights, gradients, strict=True) if g is not None]
    return torch.cat(used) if used else torch.zeros(1)


def _rows(values: torch.Tensor) -> NDArray[np.float64]:
    return values.detach().reshape(len(values), -1).cpu().double().numpy()


class _Activations(TorchDispatchMode):
    """Counts, for each pair of inputs, the units that are on for both or off for both.

    Also those of activation functions that are no modules. ``agree`` has the shape ``(n, n)``.
    """

    def __init__(self, n: int) -> None:
        super().__init__()
        self.agree = torch.zeros(n, n, dtype=torch.double)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func._overloadpacket in _ACTIVATIONS and args[0].shape[:1] == self.agree.shape[:1]:
            on = (args[0] > 0).reshape(len(self.agree), -1).float()  # before it is overwritten
            self.agree += (on @ on.T + (1 - on) @ (1 - on).T).cpu()
        return func(*args, **(kwargs or {}))


_NAMES = "relu hardtanh leaky_relu elu gelu silu mish hardswish tanh sigmoid"
_ACTIVATIONS = {
    getattr(torch.ops.aten, form)
    for name in _NAMES.split()
    for form in (name, f"{name}_")  # and the one that overwrites its input
    if hasattr(torch.ops.aten, form)
}
