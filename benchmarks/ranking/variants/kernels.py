"""Other kernels, other targets, and other ways to choose the scales of the Gaussian process."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor

from skpbnas import GPRankPredictor

from .process import process, rational_quadratic


def rational_quadratic_of_any_order(D: Tensor, numbers: Tensor) -> Tensor:
    order = numbers.mean()
    return (1 + D.sum(dim=0) / order) ** -order


def matern(D: Tensor, numbers: Tensor) -> Tensor:
    root = (3 * D.sum(dim=0).clamp(min=1e-12)).sqrt()
    return (1 + root) * torch.exp(-root)


def gaussian(D: Tensor, numbers: Tensor) -> Tensor:
    return torch.exp(-D.sum(dim=0))


def additive(D: Tensor, numbers: Tensor) -> Tensor:
    """Add up kernels, each of one group."""
    return (numbers[:, None, None] / (1 + D)).sum(dim=0) / len(D)


def additive_too(D: Tensor, numbers: Tensor) -> Tensor:
    """Add the kernel of all groups together to those of one group each."""
    return rational_quadratic(D, numbers) + additive(D, numbers)


def linear_too(D: Tensor, numbers: Tensor) -> Tensor:
    """Add a linear kernel in its conditionally positive form, up to a constant -D / 2."""
    return rational_quadratic(D, numbers) - (numbers[:, None, None] * D).mean(dim=0) / 2 + numbers.mean() * 4


def standardised(y: NDArray) -> NDArray:
    return (y - y.mean()) / y.std()


def logarithms_of_errors(y: NDArray) -> NDArray:
    return standardised(-np.log(1 - y))


def ranks(y: NDArray) -> NDArray:
    return standardised(rankdata(y))


VARIANTS = {
    "process": lambda seed: GPRankPredictor(7),
    "process, made here": process,
    "kernel: Matern 3/2": partial(process, kernel=matern),
    "kernel: Gaussian": partial(process, kernel=gaussian),
    "kernel: rational quadratic of any order": partial(process, kernel=rational_quadratic_of_any_order),
    "kernel: a sum over kinds": partial(process, kernel=additive),
    "kernel: of all, and a sum over kinds": partial(process, kernel=additive_too),
    "kernel: and a linear one": partial(process, kernel=linear_too),
    "targets: accuracies": partial(process, targets=standardised),
    "targets: logarithms of errors": partial(process, targets=logarithms_of_errors),
    "targets: ranks": partial(process, targets=ranks),
    "scales from 100 rows": partial(process, n_tuning=100),
    "scales from 1000 rows": partial(process, n_tuning=1000),
    "scales by leaving one out": partial(process, left_out=True),
}
