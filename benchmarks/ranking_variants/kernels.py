"""The Gaussian process with any kernel: PyTorch finds the gradient."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.stats import norm, rankdata
from sklearn.base import BaseEstimator, RegressorMixin
from torch import Tensor

from skpbnas import GraphDescriptors

from .processes import counts_and_roots, kind

# A kernel takes the squared distances of rows in each group of columns, (groups, n, m), and a positive weight
# of each group.
Kernel = Callable[[Tensor, Tensor], Tensor]


def rational_quadratic(D: Tensor, weights: Tensor) -> Tensor:
    return 1 / (1 + D.sum(dim=0))


def matern(D: Tensor, weights: Tensor) -> Tensor:
    root = (3 * D.sum(dim=0).clamp(min=1e-12)).sqrt()
    return (1 + root) * torch.exp(-root)


def gaussian(D: Tensor, weights: Tensor) -> Tensor:
    return torch.exp(-D.sum(dim=0))


def additive(D: Tensor, weights: Tensor) -> Tensor:
    """Add up kernels, each of one group."""
    return (weights[:, None, None] / (1 + D)).sum(dim=0) / len(D)


def additive_too(D: Tensor, weights: Tensor) -> Tensor:
    """Add the kernel of all groups together to those of one group each."""
    return rational_quadratic(D, weights) + additive(D, weights)


def linear_too(D: Tensor, weights: Tensor) -> Tensor:
    """Add a linear kernel in its conditionally positive form, up to a constant -D / 2."""
    return rational_quadratic(D, weights) - (weights[:, None, None] * D).mean(dim=0) / 2 + weights.mean() * 4


def normal_scores(y: NDArray) -> NDArray:
    return norm.ppf((rankdata(y) - 0.5) / len(y))


def standardised(y: NDArray) -> NDArray:
    return (y - y.mean()) / y.std()


class KernelProcess(RegressorMixin, BaseEstimator):
    """As ``GPRankPredictor``, with the same priors, all rows for tuning up to 300, and any kernel."""

    def __init__(
        self, kernel: Kernel = rational_quadratic, warp: Callable[[NDArray], NDArray] = normal_scores
    ) -> None:
        self.kernel, self.warp = kernel, warp

    def fit(self, X: ArrayLike, y: ArrayLike) -> KernelProcess:
        """Learn from rows and their scores."""
        self._descriptors = GraphDescriptors(7).fit(X)
        described = counts_and_roots(self._descriptors.transform(X).astype(np.float64))
        self._mean, spread = described.mean(axis=0), described.std(axis=0)
        self._spread = np.where(spread > 1e-9, spread, np.inf)
        kinds = [kind(str(name)) for name in self._descriptors.get_feature_names_out()] * 2
        names, group = np.unique(kinds, return_inverse=True)
        self._groups = [torch.as_tensor(np.flatnonzero(group == k)) for k in range(len(names))]
        self._Z, t = self._prepare(described), torch.as_tensor(self.warp(np.asarray(y)))
        center = -0.5 * np.log(np.isfinite(self._spread).sum())
        self._prior = torch.tensor(
            [[center, 2.0]] * len(names) + [[0.0, 2.0]] * (1 + len(names)) + [[-2.0, 2.0]]
        )
        places = np.linspace(0, len(t) - 1, min(len(t), 300)).round().astype(int)
        chosen = torch.argsort(t, stable=True)[torch.as_tensor(places)]
        start = self._prior[:, 0].double().numpy()
        objective = partial(self._objective, self._distances(self._Z[chosen], self._Z[chosen]), t[chosen])
        self._theta = torch.as_tensor(
            minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 50}).x
        )
        covariance = self._covariance(self._distances(self._Z, self._Z), self._theta)
        self._weights = torch.linalg.solve(_noisy(covariance, self._theta), t)
        return self

    def predict(self, X: ArrayLike) -> NDArray:
        """Score rows."""
        described = counts_and_roots(self._descriptors.transform(X).astype(np.float64))
        parts = [
            self._covariance(self._distances(Z, self._Z), self._theta) @ self._weights
            for Z in self._prepare(described).split(2000)
        ]
        return torch.cat(parts).numpy()

    def _prepare(self, described: NDArray) -> Tensor:
        return torch.as_tensor((described - self._mean) / self._spread)

    def _distances(self, A: Tensor, B: Tensor) -> Tensor:
        return torch.stack([torch.cdist(A[:, k], B[:, k]).square() for k in self._groups])

    def _covariance(self, D: Tensor, theta: Tensor) -> Tensor:
        k = len(self._groups)
        kernel = self.kernel(theta[:k, None, None].mul(2).exp() * D, theta[k + 1 : 2 * k + 1].exp())
        return theta[k].exp() * kernel

    def _objective(self, D: Tensor, t: Tensor, theta: NDArray) -> tuple[float, NDArray]:
        x = torch.tensor(theta, requires_grad=True)
        factor = torch.linalg.cholesky(_noisy(self._covariance(D, x), x))
        weights = torch.cholesky_solve(t[:, None], factor)[:, 0]
        value = t @ weights / 2 + factor.diagonal().log().sum()
        value = value + ((x - self._prior[:, 0]) / self._prior[:, 1]).square().sum() / 2
        value.backward()
        return value.item(), x.grad.numpy()


def _noisy(covariance: Tensor, theta: Tensor) -> Tensor:
    return covariance + (theta[-1].exp() + 1e-6) * torch.eye(len(covariance), dtype=covariance.dtype)


def process(seed: int, **parameters: Any) -> KernelProcess:
    """Return a process; nothing of it is random."""
    return KernelProcess(**parameters)


VARIANTS = {
    "kernel: rational quadratic": process,
    "kernel: Matern 3/2": partial(process, kernel=matern),
    "kernel: Gaussian": partial(process, kernel=gaussian),
    "kernel: a sum over kinds": partial(process, kernel=additive),
    "kernel: of all, and a sum over kinds": partial(process, kernel=additive_too),
    "kernel: and a linear one": partial(process, kernel=linear_too),
    "process, accuracies": partial(process, warp=standardised),
}
