"""The horizontal places of a layered drawing: lines as straight as the order and the distances allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_REWEIGHTINGS = 4
_SWEEPS = 30
_STEP = 1e-4  # multipliers that move less have arrived
_CENTRE = 1e-3  # weight of the pull towards the middle, which decides where nothing else does


class Link(NamedTuple):
    """``x[upper] + offset`` should be ``x[lower]``."""

    upper: int
    lower: int
    offset: float
    weight: float


class Distance(NamedTuple):
    """``x[right] - x[left]`` must be at least this."""

    left: int
    right: int
    distance: float


def places(
    n: int, links: Sequence[Link], distances: Sequence[Distance], scale: float, whole: bool = False
) -> NDArray[np.float64]:
    """Return places that minimise the sum of ``weight * |x[upper] + offset - x[lower]|``, shape ``(n,)``.

    Absolute values, so that a few lines bend and most are straight, by squares that are reweighted; the
    squares with their least distances are a quadratic programme, solved by Hildreth's method.

    Parameters
    ----------
    n : int
    links : sequence of Link
    distances : sequence of Distance
        Without a cycle.
    scale : float
        What counts as a small distance.
    whole : bool, default=False
        Whether to round to whole numbers; for distances that are whole.

    Returns
    -------
    ndarray of shape (n,)
    """
    D, A = np.zeros((len(links), n)), np.zeros((len(distances), n))
    for k, link in enumerate(links):
        D[k, [link.upper, link.lower]] = 1, -1
    for k, pair in enumerate(distances):
        A[k, [pair.left, pair.right]] = -1, 1
    offset, weight = np.array([link.offset for link in links]), np.array([link.weight for link in links])
    least = np.array([pair.distance for pair in distances])
    x = np.zeros(n)
    residual = np.full(len(links), scale)
    for _ in range(_REWEIGHTINGS + 1):
        W = D.T * (weight / np.maximum(np.abs(residual) / scale, 1))  # (n, n_links)
        inverse = np.linalg.inv(W @ D + _CENTRE * np.eye(n))
        x = _hildreth(inverse, -inverse @ (W @ offset), A, least)
        residual = D @ x + offset
    return _aligned(_apart(np.rint(x) if whole else x, distances), links, distances, 8 * scale)


def _hildreth(inverse: NDArray, x: NDArray, A: NDArray, least: NDArray) -> NDArray[np.float64]:
    """Move the minimum ``x`` of a quadratic form, given its inverse, to where ``A @ x >= least``."""
    directions = A @ inverse  # (n_constraints, n)
    gram = directions @ A.T
    diagonal = gram.diagonal().tolist()
    lacking = least - A @ x  # how much each distance is too small
    multipliers = [0.0] * len(A)
    for _ in range(_SWEEPS):
        moved = False
        for k in range(len(A)):
            step = max(lacking.item(k) / diagonal[k], -multipliers[k])
            if abs(step) > _STEP:
                multipliers[k] += step
                lacking -= step * gram[k]
                moved = True
        if not moved:
            break
    return x + np.array(multipliers) @ directions


def _aligned(
    x: NDArray, links: Sequence[Link], distances: Sequence[Distance], reach: float
) -> NDArray[np.float64]:
    """Move each place a little, to where one more of its lines is straight, if that bends the others less.

    Many places have the same sum of distances; those with few bent lines are the ones to look at. Square
    roots of distances count one long bend less than two short ones.
    """
    x = x.copy()
    for i in range(len(x)):
        least = max((x[p.left] + p.distance for p in distances if p.right == i), default=-np.inf)
        most = min((x[p.right] - p.distance for p in distances if p.left == i), default=np.inf)
        lines = [(x[k.lower] - k.offset, k.weight) for k in links if k.upper == i]
        lines += [(x[k.upper] + k.offset, k.weight) for k in links if k.lower == i]
        near = [place for place, _ in lines if least <= place <= most and abs(place - x[i]) <= reach]
        bends = [sum(w * abs(line - place) ** 0.5 for line, w in lines) for place in [x[i], *near]]
        x[i] = [x[i], *near][int(np.argmin(bends))]
    return x


def _apart(x: NDArray, distances: Sequence[Distance]) -> NDArray[np.float64]:
    """Push places to the right until all distances are kept."""
    while too_close := [pair for pair in distances if x[pair.right] < x[pair.left] + pair.distance]:
        for pair in too_close:
            x[pair.right] = max(x[pair.right], x[pair.left] + pair.distance)
    return x
