"""Linear models with normal priors: their average, and the rows that tell most about them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular

Matrix = NDArray[np.float64]

_NOISES = (0.01, 0.03, 0.1, 0.3)  # variances, as shares of that of the targets
_USUAL_NOISE = 0.1
_LEVEL = 1.0  # prior variance of the constant
_MAX_TUNING_ROWS = 200
_NEGLIGIBLE = 1e-3  # weight of a model that is left out


class LinearModels:
    """The average of linear models that differ in how much each group of columns may matter.

    The coefficients of a group have a normal prior with mean 0 and one standard deviation, which is unknown,
    like the variance of the noise. Every combination of the choices is a model, which counts as much as it
    makes the targets probable.

    Parameters
    ----------
    groups : sequence of ndarray of shape (n, n_columns)
        Of squared length 1 in the mean.
    t : ndarray of shape (n,)
        Targets, standardised.
    choices : sequence of sequence of float
        The standard deviations that each group may have.

    Attributes
    ----------
    coefs : list of ndarray of shape (n_columns,)
        By group.
    level : float
    """

    def __init__(self, groups: Sequence[Matrix], t: Matrix, choices: Sequence[Sequence[float]]) -> None:
        models = [(deviations, noise) for *deviations, noise in product(*choices, _NOISES)]
        places = np.linspace(0, len(t) - 1, min(len(t), _MAX_TUNING_ROWS)).round().astype(np.intp)
        tuning = np.argsort(t, kind="stable")[places]
        evidence = self._solve([group[tuning] for group in groups], t[tuning], models)[1]
        weights = np.exp(evidence - evidence.max())
        kept = np.flatnonzero(weights > _NEGLIGIBLE * weights.sum())
        self._models = [models[k] for k in kept]
        self._weights = weights[kept] / weights[kept].sum()
        self._groups = list(groups)
        self._factors = self._solve(groups, t, self._models)[0]
        alphas = np.stack([cho_solve((factor, True), t) for factor in self._factors])  # (n_models, n)
        self._level_by_model = _LEVEL * alphas.sum(axis=1)
        self.level = float(self._weights @ self._level_by_model)
        self._coefs_by_model = [
            np.array([deviations[g] ** 2 for deviations, _ in self._models])[:, None] * (alphas @ group)
            for g, group in enumerate(groups)
        ]
        self.coefs = [self._weights @ coefs for coefs in self._coefs_by_model]

    @staticmethod
    def _solve(
        groups: Sequence[Matrix], t: Matrix, models: Sequence[tuple[list[float], float]]
    ) -> tuple[list[Matrix], Matrix]:
        """Return the factor of each model's covariance, and the logarithm of its evidence."""
        products = [group @ group.T for group in groups]
        factors, evidence = [], np.empty(len(models))
        for k, (deviations, noise) in enumerate(models):
            covariance = combined(products, deviations)
            covariance[np.diag_indices(len(t))] += noise
            factor = cholesky(covariance, lower=True, check_finite=False)
            white = solve_triangular(factor, t, lower=True, check_finite=False)
            evidence[k] = -0.5 * white @ white - np.log(np.diag(factor)).sum()
            factors.append(factor)
        return factors, evidence

    def posterior(self, groups: Sequence[Matrix], uncertain: bool) -> tuple[Matrix, Matrix]:
        """Return the mean at rows and, if uncertain, its standard deviation, else 0."""
        pairs = list(zip(groups, self.coefs, strict=True))
        mean = self.level + sum((group @ coefs for group, coefs in pairs), np.zeros(len(groups[0])))
        if not uncertain:
            return mean, np.zeros_like(mean)
        shared = [group @ own.T for group, own in zip(groups, self._groups, strict=True)]
        squares = [(group**2).sum(axis=1) for group in groups]
        variance = np.zeros_like(mean)
        for k, (deviations, _) in enumerate(self._models):
            known = solve_triangular(self._factors[k], combined(shared, deviations).T, lower=True)
            own = combined(squares, deviations) - (known**2).sum(axis=0)
            at = self._level_by_model[k] + sum(
                group @ coefs[k] for group, coefs in zip(groups, self._coefs_by_model, strict=True)
            )
            variance += self._weights[k] * (np.maximum(own, 0) + (at - mean) ** 2)
        return mean, np.sqrt(variance)


def combined(products: Sequence[Matrix], deviations: Sequence[float]) -> Matrix:
    """Return the prior covariance of rows, from the products of their columns by group."""
    return _LEVEL + sum(
        (s**2 * part for s, part in zip(deviations, products, strict=True)), np.zeros_like(products[0])
    )


def most_informative(groups: Sequence[Matrix], n: int, deviations: Sequence[float]) -> NDArray[np.intp]:
    """Return the places of n rows whose targets would tell most about those of all rows.

    One after the other, the row that lowers the summed variance of all most (Cohn, Ghahramani and Jordan
    1996, "Active learning with statistical models"). No target is needed for this.

    Parameters
    ----------
    groups : sequence of ndarray of shape (n_rows, n_columns)
    n : int
        At most ``n_rows``.
    deviations : sequence of float
        Prior standard deviation of each group.
    """
    covariance = combined([group @ group.T for group in groups], deviations)
    chosen: list[int] = []
    for _ in range(n):
        variance = np.diag(covariance) + _USUAL_NOISE
        gains = (covariance**2).sum(axis=0) / variance
        gains[chosen] = -np.inf
        best = int(gains.argmax())
        chosen.append(best)
        covariance -= np.outer(covariance[best], covariance[best]) / variance[best]
    return np.array(chosen, np.intp)
