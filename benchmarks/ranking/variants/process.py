"""The Gaussian process of the library with any columns, kernel and targets; PyTorch finds the gradient."""

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

from .described import described

# From rows to columns (n, k), and the group of each, which shares a scale.
Columns = Callable[[NDArray], tuple[NDArray, list[str]]]
# From squared distances in each group (groups, n, m), and a positive number of each group, to (n, m).
Kernel = Callable[[Tensor, Tensor], Tensor]


def rational_quadratic(D: Tensor, numbers: Tensor) -> Tensor:
    return 1 / (1 + D.sum(dim=0))


def normal_scores(y: NDArray) -> NDArray:
    return norm.ppf((rankdata(y) - 0.5) / len(y))


class VariedProcess(RegressorMixin, BaseEstimator):
    """By default as ``GPRankPredictor``, with the same priors.

    Parameters
    ----------
    columns : callable
    kernel : callable
    targets : callable
        From scores to the targets of the process.
    n_tuning : int
        Number of rows that the scales are chosen by.
    reference : ndarray of shape (n, n_features), default=None
        Rows whose columns have mean 0 and variance 1 once they are standardised; None takes those learned.
    left_out : bool
        Whether to tune by the density of each target given the others, instead of that of all targets.
    """

    def __init__(
        self,
        columns: Columns = described,
        kernel: Kernel = rational_quadratic,
        targets: Callable[[NDArray], NDArray] = normal_scores,
        n_tuning: int = 300,
        reference: NDArray | None = None,
        left_out: bool = False,
    ) -> None:
        self.columns, self.kernel, self.targets = columns, kernel, targets
        self.n_tuning, self.reference, self.left_out = n_tuning, reference, left_out

    def fit(self, X: ArrayLike, y: ArrayLike) -> VariedProcess:
        """Learn from rows and their scores."""
        values, groups = self.columns(np.asarray(X))
        reference = values if self.reference is None else self.columns(self.reference)[0]
        self._mean, spread = reference.mean(axis=0), reference.std(axis=0)
        self._spread = np.where(spread > 1e-9, spread, np.inf)
        names, group = np.unique(groups, return_inverse=True)
        self._groups = [torch.as_tensor(np.flatnonzero(group == k)) for k in range(len(names))]
        # Mean and standard deviation of the logarithms of the scales, the amplitude, the kernel's numbers
        # and the noise.
        center = -0.5 * np.log(np.isfinite(self._spread).sum())
        others = [[0.0, 2.0]] * (1 + len(names)) + [[-2.0, 2.0]]
        self._prior = torch.tensor([[center, 2.0]] * len(names) + others, dtype=torch.float64)
        self._Z, t = self._prepare(values), torch.as_tensor(self.targets(np.asarray(y)))
        self._theta = self._tune(t)
        covariance = self._covariance(self._distances(self._Z, self._Z), self._theta)
        self._weights = torch.linalg.solve(_noisy(covariance, self._theta), t)
        return self

    def predict(self, X: ArrayLike) -> NDArray:
        """Score rows."""
        parts = [
            self._covariance(self._distances(Z, self._Z), self._theta) @ self._weights
            for Z in self._prepare(self.columns(np.asarray(X))[0]).split(500)
        ]
        return torch.cat(parts).numpy()

    def _prepare(self, values: NDArray) -> Tensor:
        return torch.as_tensor((values - self._mean) / self._spread)

    def _distances(self, A: Tensor, B: Tensor) -> Tensor:
        return torch.stack([torch.cdist(A[:, k], B[:, k]).square() for k in self._groups])

    def _covariance(self, D: Tensor, theta: Tensor) -> Tensor:
        k = len(self._groups)
        scaled = theta[:k, None, None].mul(2).exp() * D
        return theta[k].exp() * self.kernel(scaled, theta[k + 1 : 2 * k + 1].exp())

    def _tune(self, t: Tensor) -> Tensor:
        places = np.linspace(0, len(t) - 1, min(len(t), self.n_tuning)).round().astype(int)
        chosen = torch.argsort(t, stable=True)[torch.as_tensor(places)]
        D = self._distances(self._Z[chosen], self._Z[chosen])
        objective = partial(self._objective, D, t[chosen])
        start = self._prior[:, 0].numpy()
        return torch.as_tensor(
            minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 50}).x
        )

    def _objective(self, D: Tensor, t: Tensor, theta: NDArray) -> tuple[float, NDArray]:
        x = torch.tensor(theta, requires_grad=True)
        factor = torch.linalg.cholesky(_noisy(self._covariance(D, x), x))
        value = (_misfit_left_out if self.left_out else _misfit)(factor, t)
        value = value + ((x - self._prior[:, 0]) / self._prior[:, 1]).square().sum() / 2
        value.backward()
        return value.item(), x.grad.numpy()


def _misfit(factor: Tensor, t: Tensor) -> Tensor:
    weights = torch.cholesky_solve(t[:, None], factor)[:, 0]
    return t @ weights / 2 + factor.diagonal().log().sum()


def _misfit_left_out(factor: Tensor, t: Tensor) -> Tensor:
    precision = torch.cholesky_inverse(factor)
    weights, left_out = precision @ t, precision.diagonal()
    return (weights.square() / left_out - left_out.log()).sum() / 2


def _noisy(covariance: Tensor, theta: Tensor) -> Tensor:
    return covariance + (theta[-1].exp() + 1e-6) * torch.eye(len(covariance), dtype=covariance.dtype)


def process(seed: int, **parameters: Any) -> VariedProcess:
    """Return a process; nothing of it is random."""
    return VariedProcess(**parameters)
