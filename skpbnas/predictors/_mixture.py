"""Two processes of the same targets, weighed by how probable they make them."""

from __future__ import annotations

from copy import copy

import numpy as np
from numpy.typing import NDArray

from ._kernel import Matrix
from ._process import Process

_CLEAR = 0.05  # probability below which a process is left out


class Mixture:
    """What is known where either of two processes may be the right one.

    The standard deviation also has the part by which the two means differ.

    Parameters
    ----------
    one, other : Process
    share : float
        Probability of the first one.

    Attributes
    ----------
    scales, amplitude, noise
        Of the more probable one.
    """

    def __init__(self, one: Process, other: Process, share: float) -> None:
        self._one, self._other, self._share = one, other, share
        probable = one if share >= 0.5 else other
        self.scales, self.amplitude, self.noise = probable.scales, probable.amplitude, probable.noise

    def posterior(self, described: Matrix, uncertain: bool) -> tuple[Matrix, Matrix]:
        """Return the mean at described rows and, if uncertain, the standard deviation, else 0."""
        one, other = (process.posterior(described, uncertain) for process in (self._one, self._other))
        mean, std = self._mixed(one, other)
        return mean, std if uncertain else np.zeros(len(mean))

    def left_out(self, places: NDArray[np.intp]) -> tuple[Matrix, Matrix]:
        """Return the mean and the standard deviation of observations, given all others."""
        return self._mixed(self._one.left_out(places), self._other.left_out(places))

    def limits(self, described: Matrix) -> tuple[Matrix, Matrix]:
        """Return the mean and, for little time, a number that the standard deviation is not above."""
        return self._mixed(self._one.limits(described), self._other.limits(described))

    def with_pending(self, described: Matrix) -> Mixture:
        """Return the mixture given that rows have the mean of each process as result."""
        grown = copy(self)
        grown._one, grown._other = self._one.with_pending(described), self._other.with_pending(described)
        return grown

    def _mixed(self, one: tuple[Matrix, Matrix], other: tuple[Matrix, Matrix]) -> tuple[Matrix, Matrix]:
        p, q = self._share, 1 - self._share
        variance = p * one[1] ** 2 + q * other[1] ** 2 + p * q * (one[0] - other[0]) ** 2
        return p * one[0] + q * other[0], np.sqrt(variance)


def mixture(one: Process, other: Process) -> Process | Mixture:
    """Return two processes, equally probable before, weighed by the density of the targets; one if clear."""
    share = 1 / (1 + float(np.exp(np.clip(other.log_evidence - one.log_evidence, -50, 50))))
    if share < _CLEAR or share > 1 - _CLEAR:
        return one if share > 0.5 else other
    return Mixture(one, other, share)
