"""A Gaussian process over described rows of one task or of several."""

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
# Mean and standard deviation of the logarithms of the distance of two tasks, of the amplitude, of the noise.
# The values of an objective may be a smooth function without any.
_TASK, _AMPLITUDE, NOISE_OF_RANKS, NOISE_OF_VALUES = (0.0, 2.0), (0.0, 2.0), (-2.0, 2.0), (-6.0, 3.0)
_LEVEL = 4.0  # variance of the level of a task, where there are several
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
    task : ndarray of shape (n,)
        The number of the task of each row; 0 is the one to predict.
    max_tuning_rows : int
        Rows that the scales, the amplitude and the noise are chosen by; among them are as many as possible
        of task 0, and the same number of each other.
    shares : ndarray of shape (n,) or float, default=1
        What the variance of each target's noise is multiplied by: 1/k for the mean of k.
    noise : pair of float
        Mean and standard deviation of the logarithm of the variance of the noise, before any target is known.

    Attributes
    ----------
    scales : dict of str to float
        By role.
    amplitude, noise : float
    log_evidence : float
        Logarithm of the density of the targets of task 0, given those of all others.

    Notes
    -----
    Tasks are indicators beside the other columns: rows of two tasks are further apart by a distance that is
    chosen like a scale. It is large where one task tells nothing of the other. Every task has a level of its
    own, since its targets are relative: those of a search are all good on the scale of a random sample.
    """

    @one_blas_thread
    def __init__(
        self,
        described: Matrix,
        roles: Sequence[str],
        t: Matrix,
        task: NDArray[np.intp],
        max_tuning_rows: int,
        shares: Matrix | float = 1.0,
        noise: tuple[float, float] = NOISE_OF_RANKS,
    ) -> None:
        mean, spread = described.mean(axis=0), described.std(axis=0)
        self._varying = np.flatnonzero(spread > 1e-9 * np.abs(mean) + 1e-12)
        self._mean, self._spread = mean[self._varying], spread[self._varying]
        names, kind = np.unique(np.array(roles, dtype=str)[self._varying], return_inverse=True)
        self._n_tasks = int(task.max()) + 1
        kinds = np.concatenate([kind, len(names) + np.arange(self._n_tasks - 1)]).astype(np.intp)
        Z = self._standardise(described, task)
        chosen = _tuning_rows(t, task, max_tuning_rows)
        prior = log_prior(names.tolist(), max(len(kind), 1), self._n_tasks - 1, noise)
        levels = self._levels(task[chosen], task[chosen])
        of_chosen = shares if isinstance(shares, float) else shares[chosen]
        theta = _most_probable(Evidence(Z[chosen], t[chosen], kinds, prior, levels, of_chosen), prior)
        scales = np.exp(theta[:-2])
        self.amplitude, self.noise = np.exp(theta[-2:]).tolist()
        names = np.concatenate([names, [f"task {k}" for k in range(1, self._n_tasks)]])
        self.scales = dict(zip(names.tolist(), scales.tolist(), strict=True))
        self._scale = scales[kinds]
        self._rows, self._t, self._task = Z * self._scale, t, task
        self._factorise(t, task, shares)

    def _standardise(self, described: Matrix, task: NDArray[np.intp]) -> Matrix:
        indicators = (task[:, None] == np.arange(1, self._n_tasks)).astype(np.float64)
        columns = (described[:, self._varying] - self._mean) / self._spread
        return np.concatenate([columns, indicators], axis=1) if self._n_tasks > 1 else columns

    def _levels(self, task: NDArray[np.intp], other: NDArray[np.intp]) -> Matrix | float:
        """Return what rows of the same task have in common."""
        return _LEVEL * (task[:, None] == other) if self._n_tasks > 1 else 0.0

    @one_blas_thread
    def _factorise(self, t: Matrix, task: NDArray[np.intp], shares: Matrix | float) -> None:
        """Keep the factor of the covariance of the rows, and what their targets weigh."""
        covariance = similarities(self._rows, self._rows)
        covariance *= self.amplitude
        covariance += self._levels(task, task)
        covariance[np.diag_indices(len(t))] += self.noise * shares + JITTER
        self._factor = self._factorised(covariance)  # its lower triangle
        self._weights = cho_solve((self._factor, True), t, check_finite=False)
        # The last rows are those of task 0: their part of the factor is that given all rows before them.
        own = np.stack([t, np.ones(len(t))], axis=1)
        own = solve_triangular(self._factor, own, lower=True, check_finite=False)[task == 0]
        (fit, both), (_, level) = own.T @ own
        determinant = np.log(np.diag(self._factor)[task == 0]).sum()
        if self._n_tasks == 1:  # what a level of its own would make of the density
            fit -= _LEVEL * both**2 / (1 + _LEVEL * level)
            determinant += 0.5 * np.log1p(_LEVEL * level)
        self.log_evidence = float(-0.5 * fit - determinant)

    def _factorised(self, covariance: Matrix) -> Matrix:
        factor = covariance.copy()
        try:
            factorise(factor)
            return factor
        except LinAlgError:  # rows that are nearly the same
            return sure_cholesky(covariance, self.amplitude)

    @one_blas_thread
    def posterior(self, described: Matrix, uncertain: bool) -> tuple[Matrix, Matrix]:
        """Return the mean of task 0 at described rows and, if uncertain, its standard deviation, else 0."""
        std = np.zeros(len(described))
        shared = self._covariance(described)
        mean = shared @ self._weights
        if uncertain:
            known = np.ascontiguousarray(shared.T)
            solve_lower(self._factor, known)
            std = np.sqrt(np.maximum(self._variance - (known**2).sum(axis=0), 0))
        return mean, std

    @one_blas_thread
    def left_out(self, places: NDArray[np.intp]) -> tuple[Matrix, Matrix]:
        """Return the mean and the standard deviation of observations of task 0, given all others.

        Rasmussen and Williams, "Gaussian Processes for Machine Learning", eq. 5.12.
        """
        n = len(self._t)
        rows = np.flatnonzero(self._task == 0)[places]
        units = np.zeros((n, len(rows)))
        units[rows, np.arange(len(rows))] = 1.0
        solve_lower(self._factor, units)
        precision = (units**2).sum(axis=0)  # the diagonal of the inverse covariance
        return self._t[rows] - self._weights[rows] / precision, precision**-0.5

    @one_blas_thread
    def limits(self, described: Matrix) -> tuple[Matrix, Matrix]:
        """Return the mean and, for little time, a number that the standard deviation is not above.

        All rows together leave no more uncertainty than the nearest one alone.
        """
        shared = self._covariance(described)
        nearest = shared.max(axis=1)
        left = self._variance - nearest**2 / (self._variance + self.noise + JITTER)
        return shared @ self._weights, np.sqrt(np.maximum(left, 0))

    @one_blas_thread
    def with_pending(self, described: Matrix) -> Process:
        """Return the process given that rows have the mean as result: only their uncertainty is less."""
        grown = copy(self)
        n, m = len(self._rows), len(described)
        task = np.zeros(m, np.intp)
        Z = self._standardise(described, task) * self._scale
        grown._rows, grown._task = np.concatenate([self._rows, Z]), np.concatenate([self._task, task])
        grown._weights = np.concatenate([self._weights, np.zeros(m)])
        # The factor of a larger matrix, by blocks: [[L, 0], [S, chol(C - S S')]].
        covariance = grown._covariance(described)
        covariance[np.arange(m), n + np.arange(m)] += self.noise + JITTER
        known = solve_triangular(self._factor, covariance[:, :n].T, lower=True, check_finite=False).T
        grown._factor = np.zeros((n + m, n + m))
        grown._factor[:n, :n], grown._factor[n:, :n] = self._factor, known
        grown._factor[n:, n:] = sure_cholesky(covariance[:, n:] - known @ known.T, self.amplitude)
        return grown

    def _covariance(self, described: Matrix) -> Matrix:
        """Return that of new rows of task 0 and the observed ones."""
        task = np.zeros(len(described), np.intp)
        Z = self._standardise(described, task) * self._scale
        shared = similarities(Z, self._rows)
        shared *= self.amplitude
        shared += self._levels(task, self._task)
        return shared

    @property
    def _variance(self) -> float:
        """Return that of a row without any label."""
        return self.amplitude + (_LEVEL if self._n_tasks > 1 else 0.0)


def log_prior(
    roles: Sequence[str], n_varying: int, n_distances: int, noise: tuple[float, float] = NOISE_OF_RANKS
) -> LogPrior:
    """Return the prior of the scales of roles, of distances of tasks, of the amplitude and of the noise.

    The mean is where the squared distance of two rows is 2.
    """
    source = np.array([_source(role) for role in roles])
    n, others = len(roles), [_TASK] * n_distances + [_AMPLITUDE, noise]
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


def _tuning_rows(t: Matrix, task: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """Return up to n rows: all of task 0 if they fit, and of each other an equal part of the rest.

    Where there are more, those that are evenly spaced in the ranking.
    """
    chosen = [_spaced(t, np.flatnonzero(task == 0), n)]
    n_others = int(task.max())
    room = (n - len(chosen[0])) // max(n_others, 1)
    chosen += [_spaced(t, np.flatnonzero(task == k), room) for k in range(1, n_others + 1)]
    return np.concatenate(chosen)


def _spaced(t: Matrix, rows: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    if len(rows) <= n:
        return rows
    places = np.linspace(0, len(rows) - 1, n).round().astype(int)
    return rows[np.argsort(t[rows], kind="stable")[places]]
