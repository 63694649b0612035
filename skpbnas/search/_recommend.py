"""What to recommend under noise, and which architectures to train again before."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ..spaces import Rows, SearchSpace
from ._archive import Observed
from ._beliefs import Beliefs, Vector, beliefs, certain

N_FINALISTS = 20  # that "auto" takes
SHARE_OF_REPEATS = 0.2  # of the budget, for "auto"
_DRAWS = 10_000


class Recommendation(NamedTuple):
    """The architecture to take, and what is known of it.

    Attributes
    ----------
    row : ndarray of shape (n_features,)
    architecture : object
        The decoded row.
    score : float
        The expected true score, not the luckiest score that was seen.
    interval : tuple of float
        Where the true score lies with a probability of 90 %.
    probability : float
        That none of the other finalists has a higher true score.
    n_evaluations : int
        How often it was evaluated.
    """

    row: Rows
    architecture: Any
    score: float
    interval: tuple[float, float]
    probability: float
    n_evaluations: int


def recommend(space: SearchSpace, observed: Observed) -> Recommendation:
    """Return the architecture with the highest expected true score.

    Without repeats nothing tells noise from merit: scores then count as true.

    Parameters
    ----------
    space : SearchSpace
    observed : Observed
        Of one objective.
    """
    if observed.counts.max() > 1:
        known = beliefs(space, observed, N_FINALISTS)
    else:
        known = certain(observed, np.array([observed.scores.argmax()]))
    chosen = int(known.expected.argmax())
    row = observed.rows[known.places[chosen]]
    return Recommendation(
        row,
        space.decode(row[None])[0],
        float(known.expected[chosen]),
        known.interval(chosen, 0.9),
        _probability_of_best(known, chosen),
        int(known.counts[chosen]),
    )


def to_repeat(
    space: SearchSpace, observed: Observed, under_way: NDArray[np.intp], n: int, n_finalists: int
) -> Rows:
    """Return the architectures to evaluate again, each as often as it is to be; none without noise.

    One that has failed after it had succeeded is left alone: it might fail for ever.

    One after the other, each is the one whose next score is expected to raise the score of what would then be
    recommended most: the knowledge gradient for independent normal beliefs (Frazier, Powell and Dayanik,
    2008, eq. 4.4). What is under way, and what was chosen before for the same batch, is taken to make beliefs
    more certain and to leave their means.

    Parameters
    ----------
    space : SearchSpace
    observed : Observed
        Of one objective.
    under_way : ndarray of shape (n_observed,)
        How many evaluations of each have not finished.
    n : int
        The size of the batch.
    n_finalists : int
        How many of the best take part.
    """
    known = beliefs(space, observed, n_finalists) if len(observed.rows) else None
    if known is None or not known.noise > 0 or len(known.places) < 2:
        return observed.rows[:0]
    may_fail = observed.failures[known.places] > 0
    if may_fail.all():
        return observed.rows[:0]
    expected, chosen = known.expected, []
    variances = 1 / (1 / known.uncertainty + under_way[known.places] / known.noise)
    for _ in range(n):
        gains = knowledge_gradient(expected, variances, known.noise)
        best = int(np.where(may_fail, -np.inf, gains).argmax())
        variances[best] = 1 / (1 / variances[best] + 1 / known.noise)
        chosen.append(known.places[best])
    return observed.rows[chosen]


def knowledge_gradient(means: Vector, variances: Vector, noise: float) -> Vector:
    """Return by how much another score of each is expected to raise the highest mean.

    Parameters
    ----------
    means, variances : ndarray of shape (n,)
        Independent normal beliefs, n > 1.
    noise : float
        Variance of a score.
    """
    change = variances / np.sqrt(variances + noise)  # standard deviation of the next mean
    second, first = np.partition(means, -2)[-2:]
    best_other = np.where(np.arange(len(means)) == means.argmax(), second, first)
    z = -np.abs(means - best_other) / change
    return change * (z * norm.cdf(z) + norm.pdf(z))


def _probability_of_best(known: Beliefs, chosen: int) -> float:
    true = known.draw(_DRAWS, np.random.default_rng(0))
    return float((true.argmax(axis=1) == chosen).mean())
