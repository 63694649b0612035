"""The sample-efficiency gain (section 4): how many fewer trainings until a good architecture is found."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln
from sklearn.utils.validation import check_array


class GainSplit(NamedTuple):
    """The parts of the sample-efficiency gain, in dB; they add up to it."""

    pool: NDArray[np.float64]
    predictor: NDArray[np.float64]


def trials_pmf(n_architectures: int, n_successes: int) -> NDArray[np.float64]:
    """Return the distribution of the number of trials tau until the first success (eq. 12, 13).

    Architectures are drawn at random without replacement.

    Parameters
    ----------
    n_architectures : int
        K in eq. 12, the number of architectures to draw from.
    n_successes : int
        M, how many of them reach the target.

    Returns
    -------
    ndarray of shape (n_architectures,)
        The probability that ``tau = k`` for k = 1 .. K; it adds up to one, or to zero for ``M = 0``.

    Examples
    --------
    >>> from skpbnas.metrics import trials_pmf
    >>> trials_pmf(4, 2).round(3)
    array([0.5  , 0.333, 0.167, 0.   ])
    """
    _check_counts(n_architectures, np.asarray(n_successes))
    K, M = n_architectures, n_successes
    pmf = np.zeros(K)
    k = np.arange(1, K - M + 2)[: K if M else 0]
    # eq. 12 with its M possible successes: M (K-M)! / (K-M-k+1)! * (K-k)! / K!
    logarithm = gammaln(K - M + 1) - gammaln(K - M - k + 2) + gammaln(K - k + 1) - gammaln(K + 1)
    pmf[: len(k)] = M * np.exp(logarithm)
    return pmf


def expected_trials(n_architectures: int, n_successes: ArrayLike) -> NDArray[np.float64]:
    """Return the expected number of trials until the first success, (K + 1) / (M + 1) (eq. 14).

    Parameters
    ----------
    n_architectures : int
        K, the number of architectures to draw from.
    n_successes : int or array-like of int
        M, how many of them reach the target. For ``M = 0`` the result is ``K + 1``: not found within the set.

    Returns
    -------
    ndarray of the shape of ``n_successes``

    Examples
    --------
    >>> from skpbnas.metrics import expected_trials
    >>> expected_trials(99, [0, 1, 99])
    array([100.,  50.,   1.])
    """
    successes = np.asarray(n_successes)
    _check_counts(n_architectures, successes)
    return np.asarray((n_architectures + 1) / (successes + 1))


def sample_efficiency_gain(
    space_errors: ArrayLike, candidate_errors: ArrayLike, targets: ArrayLike
) -> NDArray[np.float64]:
    """Return how much sooner the candidates reach a target error than the space does, in dB (eq. 15).

    Parameters
    ----------
    space_errors : array-like of shape (n_space,)
        The true errors of S, or of a uniform sample of it.
    candidate_errors : array-like of shape (n_candidates,)
        The true errors of C.
    targets : float or array-like of shape (n_targets,)
        J_target, the errors to reach.

    Returns
    -------
    ndarray of the shape of ``targets``
        ``10 log10(E_S[tau] / E_C[tau])``: 0 where nothing is gained, 10 for ten times fewer trainings.

    Raises
    ------
    ValueError
        Where a target is NaN, or errors are empty, NaN or infinite.

    Notes
    -----
    Where no candidate reaches the target, E_C[tau] is taken as K + 1, "not found within the set".

    Examples
    --------
    >>> import numpy as np
    >>> from skpbnas.metrics import sample_efficiency_gain
    >>> space = np.linspace(0.05, 0.25, 9999)
    >>> sample_efficiency_gain(space, space[:99], targets=[0.05, 0.25]).round(1)
    array([20.,  0.])
    """
    levels = np.asarray(targets, dtype=np.float64)
    if np.isnan(levels).any():
        raise ValueError("targets contains NaN; give the errors to reach, such as np.linspace(0.05, 0.1)")
    before = _trials(space_errors, levels, "space_errors")
    after = _trials(candidate_errors, levels, "candidate_errors")
    return np.asarray(10 * np.log10(before / after))


def split_sample_efficiency_gain(
    space_errors: ArrayLike, pool_errors: ArrayLike, candidate_errors: ArrayLike, targets: ArrayLike
) -> GainSplit:
    """Split the gain into the part of the pool S' (eq. 16) and that of the predictor (eq. 17), in dB.

    Parameters
    ----------
    space_errors, pool_errors, candidate_errors : array-like
        The true errors of S, S' and C.
    targets : float or array-like of shape (n_targets,)
        J_target, the errors to reach.

    Returns
    -------
    GainSplit
        ``pool``, ``10 log10(E_S[tau] / E_S'[tau])``, and ``predictor``, ``10 log10(E_S'[tau] / E_C[tau])``.
    """
    return GainSplit(
        sample_efficiency_gain(space_errors, pool_errors, targets),
        sample_efficiency_gain(pool_errors, candidate_errors, targets),
    )


def _trials(errors: ArrayLike, targets: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """Return E[tau] for each target."""
    values = np.sort(check_array(errors, ensure_2d=False, dtype=np.float64, input_name=name).ravel())
    return expected_trials(len(values), np.searchsorted(values, targets, side="right"))  # M, eq. 10


def _check_counts(n_architectures: int, n_successes: NDArray) -> None:
    if n_architectures < 1:
        raise ValueError(f"n_architectures={n_architectures} is not allowed; give a number from 1 on")
    allowed = (n_successes >= 0) & (n_successes <= n_architectures) & (n_successes == np.floor(n_successes))
    if not allowed.all():
        raise ValueError(
            f"n_successes={n_successes.tolist()} is not allowed; "
            f"give whole numbers from 0 to n_architectures={n_architectures}"
        )
