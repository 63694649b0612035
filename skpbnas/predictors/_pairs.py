"""The loss over pairs of architectures, eq. 5-7."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

# Above this many labels the pairs are sampled, so that an epoch stays linear in their number.
MAX_ALL_PAIRS = 2048
_PAIRS_PER_LABEL = 64
_BLOCK = 2**17  # differences that fit the processor's cache at a time


class PairwiseLoss:
    """Cross-entropy of the better of each pair of architectures (eq. 5-7), added up over the members.

    With p = sigmoid(f - f') a pair in which A is better than A' costs softplus(f' - f). Ties carry no
    information and are left out. Called with scores ``(E, n)``.

    Parameters
    ----------
    y : Tensor of shape (n,)
    n_members : int
        E.
    """

    def __init__(self, y: Tensor, n_members: int) -> None:
        n = len(y)
        self.order = torch.argsort(y, stable=True)
        ascending = y[self.order]
        size = max(1, _BLOCK // (n * n_members))
        # In ascending order, an architecture can be better only than those before it.
        self.blocks = [
            (slice(start, end), (ascending[start:end, None] > ascending[:end]).float())
            for start in range(0, n, size)
            for end in [min(start + size, n)]
        ]
        self.n_pairs = max(1.0, sum(float(better.sum()) for _, better in self.blocks))

    def __call__(self, scores: Tensor) -> Tensor:
        """Return the loss of scores ``(E, n)``."""
        loss: Tensor = _SumOverPairs.apply(scores[:, self.order], self.blocks)
        return loss / self.n_pairs


class _SumOverPairs(torch.autograd.Function):
    """The sum of softplus(f' - f) over pairs, and its gradient, block by block."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, blocks: list[tuple[slice, Tensor]]) -> Tensor:
        total, gradient = scores.new_zeros(()), torch.zeros_like(scores)
        for rows, better in blocks:
            before = slice(better.shape[1])
            difference = scores[:, rows, None] - scores[:, None, before]  # (E, block, before): f - f'
            total -= (logsigmoid(difference) * better).sum()
            worse = difference.neg_().sigmoid_().mul_(better)  # 1 - p
            gradient[:, rows] -= worse.sum(dim=2)
            gradient[:, before] += worse.sum(dim=1)
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * scale, None


def sampled_pairwise_loss(scores: Tensor, y: Tensor, generator: torch.Generator) -> Tensor:
    """:class:`PairwiseLoss` over random pairs, ``O(n)`` of them."""
    first = torch.arange(len(y)).repeat(_PAIRS_PER_LABEL)
    second = torch.randint(len(y), first.shape, generator=generator)
    sign = torch.sign(y[first] - y[second]).to(scores.dtype)
    differences = scores[:, first] - scores[:, second]
    return (softplus(-differences * sign) * sign.abs()).sum() / sign.abs().sum().clamp(min=1)
