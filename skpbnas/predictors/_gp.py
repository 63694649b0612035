"""A ranker without a network: a Gaussian process on descriptors of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from sklearn.utils._param_validation import Interval

from ..preprocessing import GraphDescriptors
from ._base import GraphRankPredictor
from ._normal_scores import NormalScores
from ._remembered import Remembered
from ._threads import blas_threads

Matrix = NDArray[np.float64]

# Normal priors, mean and standard deviation, of the logarithms of the amplitude and of the noise; that of a
# scale has its mean where the squared distance of two rows is 2, and the standard deviation 2.
_AMPLITUDE, _NOISE, _SCALE_SPREAD = (0.0, 2.0), (-2.0, 2.0), 2.0
_JITTER = 1e-6
_CHUNK = 4096  # rows scored at a time, which bounds the memory

_REMEMBERED: Remembered[NDArray] = Remembered()  # descriptors


class GPRankPredictor(GraphRankPredictor):
    """Gaussian process on graph descriptors, trained on the ranks of the targets.

    :class:`~skpbnas.preprocessing.GraphDescriptors` describes the rows; every descriptor and its square root
    enter a rational quadratic kernel. Descriptors of one kind share a scale. The scales, the amplitude and
    the noise are those of the highest posterior density. The targets are their normal scores: the value that
    the rank of a target has in a standard normal sample. Nothing is random.

    Parameters
    ----------
    n_nodes : int, default=None
        L, the number of nodes of a row's graph: a row holds the ``L x L`` adjacency matrix and then the
        ``L x d`` node features. None reads L from the column names, where X is a DataFrame with those of a
        space; otherwise a row is a single node: a table, each column with a scale of its own.
    exploration : float, default=0.0
        Number of standard deviations by which the scores are above the mean: 0 ranks by the mean, 2 by an
        upper confidence bound, which a search should use to choose what to evaluate next.
    max_tuning_rows : int, default=300
        Number of rows that the scales, the amplitude and the noise are chosen by: where there are more, rows
        that are evenly spaced in the ranking. Predictions use all rows.

    Attributes
    ----------
    n_nodes_ : int
        L.
    scales_ : dict of str to float
        For each kind of descriptor, the inverse of its length scale, on standardised descriptors.
    amplitude_ : float
        Variance of the process, in normal scores.
    noise_ : float
        Variance of the noise, in normal scores.
    n_features_in_ : int
        Number of columns.

    See Also
    --------
    GCNRankPredictor : Learns from the graphs themselves.

    Notes
    -----
    A score is the mean of the process and ``exploration`` standard deviations more, mapped from normal scores
    to the scale of y. With ``return_std`` the standard deviation is half the width, on the scale of y, of the
    interval of one standard deviation around the mean, without the noise of an observation.

    A fit takes a time cubic in the number of rows: some seconds at 4,236 rows of NASBench-101, on one core.

    Examples
    --------
    >>> import numpy as np
    >>> from skpbnas import CellSpace
    >>> from skpbnas.predictors import GPRankPredictor
    >>> space = CellSpace(5, ["conv", "pool"])
    >>> X = space.sample(50, np.random.default_rng(0))
    >>> y = X.sum(axis=1)
    >>> predictor = GPRankPredictor(n_nodes=space.n_nodes).fit(X[:40], y[:40])
    >>> bool(predictor.score(X[40:], y[40:]) > 0.8)
    True
    """

    _parameter_constraints: dict = {
        "n_nodes": [Interval(Integral, 1, None, closed="left"), None],
        "exploration": [Interval(Real, 0, None, closed="left")],
        "max_tuning_rows": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(
        self, n_nodes: int | None = None, exploration: float = 0.0, max_tuning_rows: int = 300
    ) -> None:
        self.n_nodes = n_nodes
        self.exploration = exploration
        self.max_tuning_rows = max_tuning_rows

    def _learn(self, X: NDArray, y: NDArray[np.float64]) -> None:
        self._descriptors = GraphDescriptors(self.n_nodes_).fit(X)
        self._targets = NormalScores(y)
        described = self._with_roots(self._descriptors.transform(X))
        self._mean, self._spread = described.mean(axis=0), described.std(axis=0)
        self._spread[self._spread < 1e-9 * np.abs(self._mean) + 1e-12] = np.inf  # constant: no information
        kinds, self._kind = np.unique(self._kinds(), return_inverse=True)
        Z, t = self._standardise(described), self._targets.values
        with blas_threads(min(len(t), self.max_tuning_rows) ** 2):
            log_scales, log_amplitude, log_noise = self._tune(Z, t)
        self.scales_ = dict(zip(kinds.tolist(), np.exp(log_scales).tolist(), strict=True))
        self._scale = np.exp(log_scales)[self._kind]
        self.amplitude_, self.noise_ = float(np.exp(log_amplitude)), float(np.exp(log_noise))
        self._rows = Z * self._scale
        with blas_threads(len(t) ** 2):
            self._factorise(t)

    def _predict(self, X: NDArray, uncertain: bool) -> tuple[Matrix, Matrix]:
        mean, std = self._posterior(X, uncertain or self.exploration > 0)
        inverse = self._targets.inverse
        return inverse(mean + self.exploration * std), (inverse(mean + std) - inverse(mean - std)) / 2

    def predict_best(self, X: ArrayLike, n: int) -> NDArray[np.float64]:
        """Score the n best architectures, and others only as far as it takes to find these.

        All that a search needs, for a fraction of the time of :meth:`predict` where there are many rows. No
        row is more uncertain than without any label; one that is not among the best even then needs no
        standard deviation of its own.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.
        n : int
            How many of the best are needed, at least 1.

        Returns
        -------
        scores : ndarray of shape (n_rows,)
            Those of :meth:`predict`; NaN for most rows that are not among the n best.

        Raises
        ------
        ValueError
            Where n is not at least 1.
        """
        if n < 1:
            raise ValueError(f"n={n!r} is not allowed; at least one row has to be scored")
        rows = self._rows_of(X)
        if len(rows) <= _CHUNK or not self.exploration:
            return self.predict(X)
        mean, _ = self._posterior(rows, False)
        most = mean + self.exploration * np.sqrt(self.amplitude_)
        scores = np.full(len(rows), np.nan)
        order = np.argsort(-mean, kind="stable")
        for start in range(0, len(rows), _CHUNK):
            part = order[start : start + _CHUNK]
            if start >= n and most[part[0]] < np.sort(scores[order[:start]])[-n]:
                break
            part_mean, std = self._posterior(rows[part], True)
            scores[part] = part_mean + self.exploration * std
        return self._targets.inverse(scores)

    def _factorise(self, t: Matrix) -> None:
        """Keep the factor of the covariance of the rows, and what their targets weigh."""
        covariance = similarities(self._rows, self._rows)
        covariance *= self.amplitude_
        covariance[np.diag_indices(len(t))] += self.noise_ + _JITTER
        # Symmetric; in the other order of its elements LAPACK can work in place.
        self._factor = cholesky(covariance.T, lower=True, overwrite_a=True, check_finite=False)
        self._weights = cho_solve((self._factor, True), t, check_finite=False)

    def _posterior(self, rows: NDArray, uncertain: bool) -> tuple[Matrix, Matrix]:
        """Return the mean of the process at each row and, if uncertain, its standard deviation, else 0."""
        mean, std = np.empty(len(rows)), np.zeros(len(rows))
        for part, Z in self._placed(rows):
            with blas_threads(len(Z) * len(self._rows)):
                shared = similarities(Z, self._rows)
                shared *= self.amplitude_
                mean[part] = shared @ self._weights
                if uncertain:
                    known = solve_triangular(
                        self._factor, shared.T, lower=True, overwrite_b=True, check_finite=False
                    )
                    std[part] = np.sqrt(np.maximum(self.amplitude_ - (known**2).sum(axis=0), 0))
        return mean, std

    def _placed(self, X: NDArray) -> Iterator[tuple[slice, Matrix]]:
        """Yield consecutive rows where the kernel sees them: described, standardised and scaled."""
        table = [(slice(0, len(X)), X)]  # nothing to describe
        kind = (self.n_nodes_, X.dtype)
        described_pieces = (
            table if self.n_nodes_ == 1 else _REMEMBERED.of(X, kind, self._descriptors.transform)
        )
        for piece, described in described_pieces:
            for start in range(0, len(described), _CHUNK):
                part = self._with_roots(described[start : start + _CHUNK])
                first = piece.start + start
                yield slice(first, first + len(part)), self._standardise(part) * self._scale

    def _with_roots(self, described: NDArray) -> Matrix:
        described = described.astype(np.float64)
        if self.n_nodes_ == 1:
            return described
        return np.concatenate([described, signed_roots(described)], axis=1)

    def _standardise(self, described: Matrix) -> Matrix:
        return (described - self._mean) / self._spread

    def _kinds(self) -> list[str]:
        """Return the kind of each column: descriptors of nodes, or of edges, that are made alike."""
        names = [str(name) for name in self._descriptors.get_feature_names_out()]
        if self.n_nodes_ == 1:
            return names
        kinds = [name.partition("_")[0] + "_edges" * (">" in name) for name in names]
        return kinds * 2  # a descriptor and its root share a scale

    def _tune(self, Z: Matrix, t: Matrix) -> tuple[NDArray, float, float]:
        """Return the logarithms of the scales, the amplitude and the noise of highest posterior density."""
        varying = max(int(np.isfinite(self._spread).sum()), 1)
        n_kinds = self._kind.max() + 1
        prior = np.array([[-0.5 * np.log(varying), _SCALE_SPREAD]] * n_kinds + [_AMPLITUDE, _NOISE])
        if len(t) > self.max_tuning_rows:
            places = np.linspace(0, len(t) - 1, self.max_tuning_rows).round().astype(int)
            chosen = np.argsort(t, kind="stable")[places]
            Z, t = Z[chosen], t[chosen]
        result = minimize(
            negative_log_posterior,
            prior[:, 0],
            (Z, t, self._kind, prior),
            jac=True,
            method="L-BFGS-B",
            bounds=[(mean - 4 * spread, mean + 4 * spread) for mean, spread in prior],
            options={"maxiter": 50},
        )
        return result.x[:-2], result.x[-2], result.x[-1]


def signed_roots(described: NDArray) -> NDArray:
    """Return the square roots of descriptors, with their signs: large counts matter less."""
    return np.sign(described) * np.sqrt(np.abs(described))


def similarities(A: Matrix, B: Matrix) -> Matrix:
    """Return the kernel between the rows of A and those of B: 1 / (1 + squared distance).

    This is the rational quadratic kernel with exponent one. All of the denominator is one product.
    """
    a, b = (A**2).sum(axis=1)[:, None], (B**2).sum(axis=1)[:, None]
    left = np.concatenate([-2 * A, a + 1, np.ones_like(a)], axis=1)
    right = np.concatenate([B, np.ones_like(b), b], axis=1)
    denominators = left @ right.T
    return np.reciprocal(denominators, out=denominators)


def negative_log_posterior(
    theta: Matrix, Z: Matrix, t: Matrix, kind: NDArray[np.intp], prior: Matrix
) -> tuple[float, Matrix]:
    """Return the negative logarithm of the density of theta given targets t, and its gradient.

    It is up to a constant. ``theta`` holds the logarithms of the scale of each kind of column, of the
    amplitude and of the noise.
    """
    scale, amplitude, noise = np.exp(theta[:-2])[kind], np.exp(theta[-2]), np.exp(theta[-1])
    scaled = Z * scale
    similar = similarities(scaled, scaled)
    covariance = amplitude * similar
    covariance[np.diag_indices(len(t))] += noise + _JITTER
    factor = cholesky(covariance, lower=True, check_finite=False)
    inverse = cho_solve((factor, True), np.eye(len(t)), check_finite=False)
    weights = inverse @ t
    deviation = (theta - prior[:, 0]) / prior[:, 1]
    value = 0.5 * t @ weights + np.log(np.diag(factor)).sum() + 0.5 * deviation @ deviation
    # d value / d covariance, and through the kernel, whose derivative is -similar**2.
    outer = 0.5 * (inverse - np.outer(weights, weights))
    inner = -amplitude * outer * similar**2
    # Column f adds scale_f^2 (z_if - z_jf)^2 to the squared distance of rows i and j.
    columns = 2 * (inner.sum(axis=1) @ scaled**2 - (scaled * (inner @ scaled)).sum(axis=0))
    gradient = deviation / prior[:, 1]
    gradient[:-2] += 2 * np.bincount(kind, columns, minlength=len(theta) - 2)
    gradient[-2] += amplitude * (outer * similar).sum()
    gradient[-1] += noise * np.trace(outer)
    return float(value), gradient
