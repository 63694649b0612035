"""The true scores behind noisy ones: an estimate that is not fooled by luck."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm, qmc

from .._for_space import for_space
from ..predictors import GPRankPredictor
from ..spaces import SearchSpace
from ._archive import Observed

Vector = NDArray[np.float64]

# Means and standard deviations of what is not known before repeats tell: the logarithm of the variance of
# the noise, relative to the squared error of predictions; that of the true scores around the predictions,
# relative to the noise; the shift of the predictions, in standard deviations of the noise; and how much of a
# predicted difference is true.
_NOISE, _SPREAD, _SHIFT, _SLOPE = (-0.1, 0.7), (-1.2, 0.8), (0.0, 1.5), (0.7, 0.3)
_PREDICTED_BEST = 0.3  # of all architectures, whose first scores tell, too
_ASTRAY = 0.05  # of first scores, which may be anything: trainings that failed
_LOG_DRAWS = 12  # to the base of 2
_NO_NOISE = 1e-6  # of the range of the scores, by which repeats may differ without any noise: rounding


class Beliefs(NamedTuple):
    """What is believed of the true scores of the finalists: mixtures of normal distributions.

    Attributes
    ----------
    places : ndarray of shape (n_finalists,)
        Where they stand in what was observed.
    counts : ndarray of shape (n_finalists,)
        How often each was evaluated.
    noise : float
        Variance of a single evaluation around the true score.
    weights : ndarray of shape (n_draws,)
        Of the parts of the mixtures; their sum is 1.
    means, variances : ndarray of shape (n_draws, n_finalists)
        Of the parts.
    """

    places: NDArray[np.intp]
    counts: NDArray[np.intp]
    noise: float
    weights: Vector
    means: Vector
    variances: Vector

    @property
    def expected(self) -> Vector:
        """The expected true scores, shape ``(n_finalists,)``."""
        scores: Vector = self.weights @ self.means
        return scores

    @property
    def uncertainty(self) -> Vector:
        """The variances of true scores that evaluations of their own architectures would take away."""
        variances: Vector = self.weights @ self.variances
        return variances

    def interval(self, k: int, probability: float) -> tuple[float, float]:
        """Return where the true score of finalist k lies with a probability, as often below as above it."""
        means, spreads = self.means[:, k], np.sqrt(self.variances[:, k])
        if not spreads.any():
            return float(means[0]), float(means[0])
        low, high = float((means - 9 * spreads).min()), float((means + 9 * spreads).max())
        tail = (1 - probability) / 2

        def beyond(score: float, share: float) -> float:
            return float(self.weights @ norm.cdf((score - means) / spreads)) - share

        return brentq(beyond, low, high, (tail,)), brentq(beyond, low, high, (1 - tail,))

    def draw(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return true scores of all finalists that may be, shape ``(n, n_finalists)``."""
        part = rng.choice(len(self.weights), size=n, p=self.weights)
        return rng.normal(self.means[part], np.sqrt(self.variances[part]))


def beliefs(space: SearchSpace, observed: Observed, n_finalists: int) -> Beliefs:
    """Estimate the true scores of the best architectures.

    The prior of an architecture is normal around a line of what a Gaussian process predicts of it from all
    *others* (leave one out). Its own scores are weighed against it by their variances. The best of many
    scores is a lucky one; what the prior has to be for that to be corrected, its shift, slope and variance,
    and the variance of the noise are learned from scores that nobody chose for their luck: the first ones of
    the architectures that are predicted best, and how far second and later scores lie from where the first
    ones let expect them. It is averaged over all that is possible.

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
    spread = np.sqrt(observed.squares.sum() / max((counts - 1).sum(), 1))  # of repeats
    is_noise_free = counts.max() > 1 and spread <= _NO_NOISE * np.ptp(y)
    if is_noise_free or len(y) < 3 or not np.ptp(y) > 0:
        return certain(observed, places)
    process = for_space(GPRankPredictor(), space, 0)
    process.fit(space.canonicalize(observed.rows), y, n_repeats=counts)
    predicted, error = process.predict_left_out(np.arange(len(y)))
    return _averaged(places, predicted, float(np.median(error[places] ** 2)), observed)


def certain(observed: Observed, places: NDArray[np.intp]) -> Beliefs:
    """Return the belief that mean scores are true."""
    means = observed.scores[None, places]
    return Beliefs(places, observed.counts[places], 0.0, np.ones(1), means, np.zeros_like(means))


def _averaged(places: NDArray[np.intp], predicted: Vector, error: float, observed: Observed) -> Beliefs:
    units = norm.ppf(qmc.Sobol(4, rng=np.random.default_rng(0)).random_base2(_LOG_DRAWS)).T[..., None]
    draws = [
        mean + std * unit for (mean, std), unit in zip((_NOISE, _SPREAD, _SHIFT, _SLOPE), units, strict=True)
    ]
    noise = error * np.exp(draws[0])  # (n_draws, 1), like all that follow
    spread, shift, slope = noise * np.exp(draws[1]), np.sqrt(noise) * draws[2], draws[3]
    middle = np.median(predicted[places])

    def prior_of(some: NDArray[np.intp]) -> Vector:
        centers: Vector = middle + slope * (predicted[some] - middle) + shift
        return centers  # (n_draws, n_some)

    repeated = np.flatnonzero(observed.counts > 1)
    n_best = int(_PREDICTED_BEST * len(predicted))
    best = np.argsort(-predicted, kind="stable")[:n_best]
    fit = _fit_of_later_scores(prior_of(repeated), spread, noise, _taken(observed, repeated))
    extent = max(np.ptp(observed.firsts), np.ptp(observed.scores))
    fit += _fit_of_first_scores(prior_of(best), spread + noise, observed.firsts[best], extent)
    weights = np.exp(fit - fit.max())
    matter = weights > 1e-6
    weights, spread, noise, prior = weights[matter], spread[matter], noise[matter], prior_of(places)[matter]
    weights = weights / weights.sum()
    finalists = _taken(observed, places)
    variances = 1 / (1 / spread + finalists.counts / noise)
    means = variances * (prior / spread + finalists.scores * finalists.counts / noise)
    return Beliefs(places, finalists.counts, float(weights @ noise[:, 0]), weights, means, variances)


def _taken(observed: Observed, places: NDArray[np.intp]) -> Observed:
    return Observed._make(values[places] for values in observed)


def _fit_of_first_scores(prior: Vector, variance: Vector, firsts: Vector, extent: float) -> Vector:
    """Return the log density, for each draw, of first scores; some may be anything within an extent."""
    expected = norm.logpdf(firsts, prior, np.sqrt(variance))
    density: Vector = np.logaddexp(np.log1p(-_ASTRAY) + expected, np.log(_ASTRAY / extent)).sum(axis=1)
    return density


def _fit_of_later_scores(prior: Vector, spread: Vector, noise: Vector, repeated: Observed) -> Vector:
    """Return the log density, for each draw, of all scores but the first ones, given these."""
    mean, counts, squares, first = repeated.scores, repeated.counts, repeated.squares, repeated.firsts
    n = counts - 1
    scores = (mean * counts - first) / n  # means of all but the first
    scatter = np.maximum(squares - (first - mean) ** 2 * counts / n, 0)  # around these
    variance = 1 / (1 / spread + 1 / noise)
    expected = variance * (prior / spread + first / noise)
    total = variance + noise / n
    between = np.log(total) + (scores - expected) ** 2 / total
    within = (n - 1) * np.log(noise) + scatter / noise
    density: Vector = -0.5 * (between + within).sum(axis=1)
    return density
