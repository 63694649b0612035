"""The kernel of the Gaussian process, and how well its parameters explain the targets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cholesky
from scipy.linalg.lapack import dpotri

from ._threads import product

Matrix = NDArray[np.float64]

JITTER = 1e-6
_MOST_ELEMENTS = 2**23  # of squared distances that are kept


class LogPrior(NamedTuple):
    """A normal prior of the logarithms of the scales, the weights of tasks, the amplitude and the noise.

    Attributes
    ----------
    mean : ndarray of shape (n_kinds + n_tasks + 2,)
    factor : ndarray of shape (n_kinds + n_tasks + 2, n_kinds + n_tasks + 2)
        Square root of the covariance: ``mean + factor @ u`` has the prior where u is standard normal.
    """

    mean: Matrix
    factor: Matrix


def similarities(A: Matrix, B: Matrix) -> Matrix:
    """Return the kernel between the rows of A and those of B: 1 / (1 + squared distance).

    This is the rational quadratic kernel with exponent one. All of the denominator is one product.
    """
    a, b = (A**2).sum(axis=1)[:, None], (B**2).sum(axis=1)[:, None]
    left = np.concatenate([-2 * A, a + 1, np.ones_like(a)], axis=1)
    right = np.concatenate([B, np.ones_like(b), b], axis=1)
    denominators = product(left, right.T)
    return np.reciprocal(denominators, out=denominators)


def sure_cholesky(covariance: Matrix, amplitude: float) -> Matrix:
    """Return the lower Cholesky factor, of a little more on the diagonal where rounding needs it.

    Rows that are nearly the same leave eigenvalues of zero, which rounding may make negative.
    """
    more = 0.0
    while True:
        try:
            return cholesky(
                covariance + more * np.eye(len(covariance)) if more else covariance,
                lower=True,
                check_finite=False,
            )
        except LinAlgError:
            more = max(10 * more, 1e-8 * amplitude)
            if more > amplitude:
                raise


class Evidence:
    """Negative logarithm of the density of the parameters given the targets, and its gradient.

    Parameters
    ----------
    Z : ndarray of shape (n, n_columns)
        Standardised columns.
    t : ndarray of shape (n,)
        Targets.
    kind : ndarray of shape (n_columns,)
        The number of each column's kind; the columns of a kind have one scale.
    prior : LogPrior
    shares : ndarray of shape (n,) or float, default=1
        What the variance of the noise is multiplied by: 1/k for the mean of k targets.
    linear : ndarray of shape (n, n_tasks), default=None
        Numbers of which the targets may be multiples, with weights whose standard deviation is a parameter.
    """

    def __init__(
        self,
        Z: Matrix,
        t: Matrix,
        kind: NDArray[np.intp],
        prior: LogPrior,
        shares: Matrix | float = 1.0,
        linear: Matrix | None = None,
    ) -> None:
        self._t, self._prior, self._shares = t, prior, shares
        self._linear = np.empty((len(t), 0)) if linear is None else linear
        self._n_kinds = len(prior.mean) - 2 - self._linear.shape[1]
        few = self._n_kinds * len(t) ** 2 <= _MOST_ELEMENTS
        self._distances = (_Kept if few else _Computed)(Z, kind, self._n_kinds)

    def __call__(self, u: Matrix) -> tuple[float, Matrix]:
        """Return both, up to a constant, at ``prior.mean + prior.factor @ u``."""
        theta = self._prior.mean + self._prior.factor @ u
        squares, weights_of = np.split(np.exp(2 * theta[:-2]), [self._n_kinds])
        amplitude, noise = np.exp(theta[-2:])
        similar = 1 / (1 + self._distances.total(squares))
        covariance = amplitude * similar
        if len(weights_of):
            covariance += (self._linear * weights_of) @ self._linear.T
        covariance[np.diag_indices(len(self._t))] += noise * self._shares + JITTER
        factor = sure_cholesky(covariance, amplitude)
        below, _ = dpotri(factor, lower=True)  # the inverse, of which only this triangle is filled
        inverse = np.tril(below) + np.tril(below, -1).T
        weights = inverse @ self._t
        value = 0.5 * self._t @ weights + np.log(np.diag(factor)).sum() + 0.5 * u @ u
        # d value / d covariance, and through the kernel, whose derivative is -similar**2.
        outer = 0.5 * (inverse - np.outer(weights, weights))
        gradient = np.empty_like(theta)
        kinds = self._n_kinds
        gradient[:kinds] = self._distances.gradient(squares, -amplitude * outer * similar**2)
        gradient[kinds:-2] = 2 * weights_of * (self._linear * (outer @ self._linear)).sum(axis=0)
        gradient[-2] = amplitude * (outer * similar).sum()
        gradient[-1] = noise * (np.diag(outer) * self._shares).sum()
        return float(value), self._prior.factor.T @ gradient + u


class _Kept:
    """Squared distances of the rows by each kind of column, kept: fast where there are few kinds."""

    def __init__(self, Z: Matrix, kind: NDArray[np.intp], n_kinds: int) -> None:
        self._n = len(Z)
        self._by_kind = np.empty((n_kinds, self._n**2))
        for k in range(n_kinds):
            products = Z[:, kind == k] @ Z[:, kind == k].T
            lengths = np.diag(products)
            self._by_kind[k] = (lengths[:, None] + lengths - 2 * products).ravel()

    def total(self, squares: Matrix) -> Matrix:
        return (squares @ self._by_kind).reshape(self._n, self._n)

    def gradient(self, squares: Matrix, inner: Matrix) -> Matrix:
        """Return that of the sum of ``inner * total``, by the logarithm of the scales."""
        return 2 * squares * (self._by_kind @ inner.ravel())


class _Computed:
    """The same, computed each time: in the memory of the columns where there are many kinds."""

    def __init__(self, Z: Matrix, kind: NDArray[np.intp], n_kinds: int) -> None:
        self._Z, self._kind, self._n_kinds = Z, kind, n_kinds

    def total(self, squares: Matrix) -> Matrix:
        scaled = self._Z * np.sqrt(squares)[self._kind]
        return 1 / similarities(scaled, scaled) - 1

    def gradient(self, squares: Matrix, inner: Matrix) -> Matrix:
        # Column f adds scale_f^2 (z_if - z_jf)^2 to the squared distance of rows i and j.
        Z = self._Z
        columns = 2 * (inner.sum(axis=1) @ Z**2 - (Z * (inner @ Z)).sum(axis=0))
        return 2 * squares * np.bincount(self._kind, columns, minlength=self._n_kinds)
