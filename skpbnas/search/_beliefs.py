"""The true scores behind noisy ones: an estimate that is not fooled by luck."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from .._for_space import for_space
from ..predictors import GPRankPredictor
from ..spaces import SearchSpace
from ._archive import Observed

Vector = NDArray[np.float64]

# Before repeats tell: the share of the squared error of predictions that is noise of the training, and how
# many repeats this guess counts for.
_SHARE, _DEGREES = 0.5, 2.0
# Standard deviations of the priors of the shift, in standard deviations of the noise, and of the logarithm of
# the variance of the true scores around the predictions, relative to the noise's.
_SHIFT_SPREAD, _LOG_SPREAD = 1.0, 1.0


class Beliefs(NamedTuple):
    """Normal distributions of the true scores of the finalists, given everything that was observed.

    Attributes
    ----------
    places : ndarray of shape (n_finalists,)
        Where they stand in what was observed.
    means : ndarray of shape (n_finalists,)
    variances : ndarray of shape (n_finalists,)
    counts : ndarray of shape (n_finalists,)
        How often each was evaluated.
    noise : float
        Variance of a single evaluation around the true score.
    """

    places: NDArray[np.intp]
    means: Vector
    variances: Vector
    counts: NDArray[np.intp]
    noise: float


def beliefs(space: SearchSpace, observed: Observed, n_finalists: int) -> Beliefs:
    """Estimate the true scores of the best architectures, by empirical Bayes.

    The prior of an architecture is normal around what a Gaussian process predicts of it from all *others*
    (leave one out). Its own scores are weighed against it by their variances. The best of many scores is a
    lucky one; what the prior has to be for that to be corrected, its shift and its variance, is learned from
    how far second and later scores lie from where the first scores let expect them. Those are not chosen for
    their luck.

    Parameters
    ----------
    space : SearchSpace
    observed : Observed
        Of one objective.
    n_finalists : int
        How many of the best mean scores take part, beside those that were evaluated more than once.
    """
    y, counts = observed.scores, observed.counts
    best = np.zeros(len(y), bool)
    best[np.argsort(-y, kind="stable")[:n_finalists]] = True
    places = np.flatnonzero(best | (counts > 1))
    counts = counts[places]
    is_noise_free = counts.max() > 1 and not observed.squares.any()
    if is_noise_free or len(y) < 3 or not np.ptp(y) > 0:
        return Beliefs(places, y[places], np.zeros(len(places)), counts, 0.0)
    process = for_space(GPRankPredictor(), space, 0)
    process.fit(space.canonicalize(observed.rows), y, n_repeats=observed.counts)
    prior, error = process.predict_left_out(places)
    guess = _SHARE * float(np.median(error**2))
    noise = (_DEGREES * guess + observed.squares.sum()) / (_DEGREES + (observed.counts - 1).sum())
    shift, spread = _prior(prior, observed.firsts[places], y[places], counts, noise)
    variances = 1 / (1 / spread + counts / noise)
    means = variances * ((prior + shift) / spread + y[places] * counts / noise)
    return Beliefs(places, means, variances, counts, float(noise))


def _prior(
    predicted: Vector, first: Vector, mean: Vector, counts: NDArray[np.intp], noise: float
) -> tuple[float, float]:
    """Return the shift of the prior and its variance that make the later scores most probable."""
    later = counts > 1
    n = counts[later] - 1
    scores = (mean[later] * counts[later] - first[later]) / n  # means of all but the first
    predicted, first = predicted[later], first[later]

    def negative_log_posterior(theta: Vector) -> float:
        shift, spread = theta[0] * np.sqrt(noise), np.exp(theta[1]) * noise
        variance = 1 / (1 / spread + 1 / noise)
        expected = variance * ((predicted + shift) / spread + first / noise)
        total = variance + noise / n
        fit = 0.5 * (np.log(total) + (scores - expected) ** 2 / total).sum()
        return float(fit + 0.5 * (theta[0] / _SHIFT_SPREAD) ** 2 + 0.5 * (theta[1] / _LOG_SPREAD) ** 2)

    if not later.any():
        return 0.0, noise
    theta = minimize(negative_log_posterior, np.zeros(2), method="L-BFGS-B").x
    return float(theta[0] * np.sqrt(noise)), float(np.exp(theta[1]) * noise)
