"""The improvement that is expected of a normal variable."""

from __future__ import annotations

import numpy as np
from scipy.special import erfcx, log_ndtr

from ._kernel import Matrix

_LEAST = 1e-9  # standard deviation
_FAR = 1e4  # standard deviations below the best, from where on the limit is exact enough


def log_expected_improvement(mean: Matrix, std: Matrix) -> Matrix:
    """Return the logarithm of E[max(x, 0)] of normal x, finite also where the number itself would be 0.

    Ament et al. 2023, "Unexpected Improvements to Expected Improvement for Bayesian Optimization", eq. 9.

    Parameters
    ----------
    mean, std : ndarray of shape (n,)

    Returns
    -------
    ndarray of shape (n,)
    """
    std = np.maximum(std, _LEAST)
    z = mean / std
    density = -0.5 * z**2 - 0.5 * np.log(2 * np.pi)  # its logarithm
    near = np.log(np.exp(density) + z * np.exp(log_ndtr(z)), where=z > -1, out=np.zeros(len(z)))
    below = np.clip(-z, 1, _FAR)
    ratio = below * np.sqrt(np.pi / 2) * erfcx(below / np.sqrt(2))  # z Phi(z) / phi(z)
    far = density + np.where(
        -z < _FAR, np.log1p(-np.minimum(ratio, 1 - 1e-9)), -2 * np.log(np.maximum(-z, 1))
    )
    return np.log(std) + np.where(z > -1, near, far)
