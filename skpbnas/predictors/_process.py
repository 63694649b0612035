"""A Gaussian process over described rows, which may know what was learned of earlier tasks."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_solve, solve_triangular
from scipy.optimize import minimize

from ._kernel import JITTER, Evidence, LogPrior, Matrix, similarities, sure_cholesky
from ._threads import factorise, one_blas_thread, solve_lower

# Standard deviations of the logarithms of the scales: of what all have in common, of what those of one source
# (the graph, layers, ...) have, and of what each has alone; more of columns that need not matter at all.
_COMMON, _SOURCE, _ALONE = 1.0, 1.0, {True: 1.5, False: 0.7}
_MAY_NOT_MATTER = ("column", "parameter", "extra")
# Mean and standard deviation of the logarithms of how much the weight of an earlier task may differ from what
# is expected, of the amplitude, of the noise. Values may be a smooth function without any.
_DIFFERS, _AMPLITUDE, NOISE_OF_RANKS, NOISE_OF_VALUES = (-1.6, 1.0), (0.0, 2.0), (-2.0, 2.0), (-6.0, 3.0)
_WEIGHT = 0.6  # that is expected of all earlier tasks together
_FAINT = -2.0  # added to the mean for fixed places, where the graph tells most


class Process:
    """The process that explains targets best.

    Parameters
    ----------
    described : ndarray of shape (n, n_columns)
        What the rows are described by.
    roles : sequence of str
        Of these columns; those of one role share a scale.
    t : ndarray of shape (n,)
        Targets, normal scores.
    max_tuning_rows : int
        Rows that the scales, the amplitude and the noise are chosen by.
    shares : ndarray of shape (n,) or float, default=1
        What the variance of each target's noise is multiplied by: 1/k for the mean of k.
    noise : pair of float
        Mean and standard deviation of the logarithm of the variance of the noise, before any target is known.
    earlier : sequence of Process, default=()
        Those of earlier tasks, over rows described by the same columns.

    Attributes
    ----------
    scales : dict of str to float
        By role; ``task 1`` and so on are the standard deviations of the weights of earlier tasks.
    amplitude, noise : float
    log_evidence : float
        Logarithm of the density of the targets, up to a constant.

    Notes
    -----
    What the process of an earlier task expects of a row, times a weight, is a part of what this one does. The
    weights have normal distributions, whose mean says that tasks are rather alike, and whose variance is
    chosen like a scale: where targets tell that they are not, a weight is nothing, or negative.
    """

    @one_blas_thread
    def __init__(
        self,
        described: Matrix,
        roles: Sequence[str],
        t: Matrix,
        max_tuning_rows: int,
        shares: Matrix | float = 1.0,
        noise: tuple[float, float] = NOISE_OF_RANKS,
        earlier: Sequence[Process] = (),
    ) -> None:
        mean, spread = described.mean(axis=0), described.std(axis=0)
        self._varying = np.flatnonzero(spread > 1e-9 * np.abs(mean) + 1e-12)
        self._mean, self._spread = mean[self._varying], spread[self._varying]
        names, kind = np.unique(np.array(roles, dtype=str)[self._varying], return_inverse=True)
        self._earlier, self._level = list(earlier), np.zeros(len(earlier))
        expected = self._expected(described)
        self._level = expected.mean(axis=0)
        expected -= self._level
        Z = self._standardise(described)
        residuals = t - self._trend(expected)
        chosen = _spaced(t, max_tuning_rows)
        prior = log_prior(names.tolist(), max(len(kind), 1), len(earlier), noise)
        of_chosen = shares if isinstance(shares, float) else shares[chosen]
        evidence = Evidence(Z[chosen], residuals[chosen], kind, prior, of_chosen, expected[chosen])
        theta = np.exp(_most_probable(evidence, prior))
        scales, self._differs = theta[: len(names)], theta[len(names) : -2]
        self.amplitude, self.noise = theta[-2:].tolist()
        names = np.concatenate([names, [f"task {k}" for k in range(1, len(earlier) + 1)]])
        self.scales = dict(zip(names.tolist(), theta[:-2].tolist(), strict=True))
        self._scale = scales[kind]
        self._rows, self._t, self._of_earlier = Z * self._scale, t, expected * self._differs
        self._factorise(residuals, shares)

    def _standardise(self, described: Matrix) -> Matrix:
        return (described[:, self._varying] - self._mean) / self._spread

    def _expected(self, described: Matrix) -> Matrix:
        """Return what earlier tasks expect of rows, above the level of those learned, ``(n, n_tasks)``."""
        means = [process.posterior(described, False)[0] for process in self._earlier]
        return np.stack(means, axis=1) - self._level if means else np.empty((len(described), 0))

    @staticmethod
    def _trend(expected: Matrix) -> Matrix:
        """Return what the expectations of earlier tasks make of the mean."""
        return expected.sum(axis=1) * (_WEIGHT / max(expected.shape[1], 1))

    @one_blas_thread
    def _factorise(self, residuals: Matrix, shares: Matrix | float) -> None:
        """Keep the factor of the covariance of the rows, and what their targets weigh."""
        self._factor = self._factorised(shares)  # its lower triangle
        self._weights = cho_solve((self._factor, True), residuals, check_finite=False)
        fit, determinant = residuals @ self._weights, np.log(np.diag(self._factor)).sum()
        self.log_evidence = float(-0.5 * fit - determinant)

    def _factorised(self, shares: Matrix | float) -> Matrix:
        covariance = self._observed(shares)
        try:
            factorise(covariance)
            return covariance
        except LinAlgError:  # rows that are nearly the same; made again, as a copy would double the memory
            return sure_cholesky(self._observed(shares), self.amplitude)

    def _observed(self, shares: Matrix | float) -> Matrix:
        """Return the covariance of the targets."""
        covariance = similarities(self._rows, self._rows)
        covariance *= self.amplitude
        if self._earlier:
            covariance += self._of_earlier @ self._of_earlier.T
        covariance[np.diag_indices(len(covariance))] += self.noise * shares + JITTER
        return covariance

    @one_blas_thread
    def posterior(self, described: Matrix, uncertain: bool) -> tuple[Matrix, Matrix]:
        """Return the mean at described rows and, if uncertain, its standard deviation, else 0."""
        std = np.zeros(len(described))
        shared, trend, variance = self._prior(described)
        mean = shared @ self._weights + trend
        if uncertain:
            known = np.ascontiguousarray(shared.T)
            solve_lower(self._factor, known)
            std = np.sqrt(np.maximum(variance - (known**2).sum(axis=0), 0))
        return mean, std

    @one_blas_thread
    def left_out(self, places: NDArray[np.intp]) -> tuple[Matrix, Matrix]:
        """Return the mean and the standard deviation of observations, given all others.

        Rasmussen and Williams, "Gaussian Processes for Machine Learning", eq. 5.12.
        """
        units = np.zeros((len(self._t), len(places)))
        units[places, np.arange(len(places))] = 1.0
        solve_lower(self._factor, units)
        precision = (units**2).sum(axis=0)  # the diagonal of the inverse covariance
        return self._t[places] - self._weights[places] / precision, precision**-0.5

    @one_blas_thread
    def limits(self, described: Matrix) -> tuple[Matrix, Matrix]:
        """Return the mean and, for little time, a number that the standard deviation is not above.

        All rows together leave no more uncertainty than the one that tells most alone.
        """
        shared, trend, variance = self._prior(described)
        observed = self.amplitude + (self._of_earlier**2).sum(axis=1) + self.noise + JITTER
        told = (shared**2 / observed).max(axis=1) if self._earlier else shared.max(axis=1) ** 2 / observed[0]
        return shared @ self._weights + trend, np.sqrt(np.maximum(variance - told, 0))

    @one_blas_thread
    def with_pending(self, described: Matrix) -> Process:
        """Return the process given that rows have the mean as result: only their uncertainty is less."""
        grown = copy(self)
        n, m = len(self._rows), len(described)
        Z = self._standardise(described) * self._scale
        grown._rows = np.concatenate([self._rows, Z])
        grown._of_earlier = np.concatenate([self._of_earlier, self._expected(described) * self._differs])
        grown._weights = np.concatenate([self._weights, np.zeros(m)])
        # The factor of a larger matrix, by blocks: [[L, 0], [S, chol(C - S S')]].
        covariance = grown._prior(described)[0]
        covariance[np.arange(m), n + np.arange(m)] += self.noise + JITTER
        known = solve_triangular(self._factor, covariance[:, :n].T, lower=True, check_finite=False).T
        grown._factor = np.zeros((n + m, n + m))
        grown._factor[:n, :n], grown._factor[n:, :n] = self._factor, known
        grown._factor[n:, n:] = sure_cholesky(covariance[:, n:] - known @ known.T, self.amplitude)
        return grown

    def _prior(self, described: Matrix) -> tuple[Matrix, Matrix | float, Matrix | float]:
        """Return the covariance of new rows and the observed ones, and mean and variance without targets."""
        Z = self._standardise(described) * self._scale
        shared = similarities(Z, self._rows)
        shared *= self.amplitude
        if not self._earlier:
            return shared, 0.0, self.amplitude
        expected = self._expected(described)
        differs = expected * self._differs
        shared += differs @ self._of_earlier.T
        return shared, self._trend(expected), self.amplitude + (differs**2).sum(axis=1)


def log_prior(
    roles: Sequence[str], n_varying: int, n_earlier: int, noise: tuple[float, float] = NOISE_OF_RANKS
) -> LogPrior:
    """Return the prior of the scales of roles, of the weights of tasks, of the amplitude and of the noise.

    The mean is where the squared distance of two rows is 2.
    """
    source = np.array([_source(role) for role in roles])
    n, others = len(roles), [_DIFFERS] * n_earlier + [_AMPLITUDE, noise]
    mean = np.full(n, -0.5 * np.log(n_varying)) + _FAINT * np.char.endswith(source.astype(str), "place")
    alone = [_ALONE[name in _MAY_NOT_MATTER] for name in source.tolist()]
    covariance = np.diag([spread**2 for spread in [*alone, *(spread for _, spread in others)]])
    covariance[:n, :n] += _COMMON**2 + _SOURCE**2 * (source[:, None] == source)
    factor = np.linalg.cholesky(covariance)
    return LogPrior(np.concatenate([mean, [center for center, _ in others]]), factor)


def _source(role: str) -> str:
    """Return where a column comes from: the first word of its role, with the next one of what it is near."""
    words = role.split(" ")
    return " ".join(words[: 2 if words[0] == "near" else 1])


def _most_probable(evidence: Evidence, prior: LogPrior) -> Matrix:
    """Return the logarithms of the scales, the amplitude and the noise of highest posterior density."""
    start = np.zeros(len(prior.mean))
    bounds = [(-4.0, 4.0)] * len(start)  # standard deviations
    result = minimize(evidence, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 50})
    return prior.mean + prior.factor @ result.x


def _spaced(t: Matrix, n: int) -> NDArray[np.intp]:
    """Return up to n rows: those that are evenly spaced in the ranking."""
    if len(t) <= n:
        return np.arange(len(t))
    places = np.linspace(0, len(t) - 1, n).round().astype(int)
    return np.argsort(t, kind="stable")[places]
