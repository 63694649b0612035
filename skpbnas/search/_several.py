"""Which architectures to try where there are several objectives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from ..metrics import non_dominated_order, non_dominated_rank

Points = NDArray[np.float64]  # (n, n_axes), higher is better
Boxes = tuple[Points, Points]  # lower and upper corners, the upper ones perhaps infinite

# How far the reference of the hypervolume is below the worst observed values, as a share of their extent.
_MARGIN = 0.1
_BLOCK = 256  # candidates looked at together, which bounds the memory


def best_by_improvement(
    mean: Points, std: Points, observed: Points, n: int, reference: NDArray[np.float64] | None = None
) -> NDArray[np.intp]:
    """Return the indices of the ``n`` candidates that are expected to add most to the hypervolume.

    They are chosen one after the other, each for the expected improvement of the hypervolume of the observed
    points and of the means of those chosen before it. Once nothing is expected to improve, the others follow
    by non-dominated rank and crowding of their means, those beyond the reference last.

    Parameters
    ----------
    mean, std : ndarray of shape (n_candidates, n_axes)
        Independent normal distributions; a standard deviation of 0 is an exact value.
    observed : ndarray of shape (n_observed, n_axes)
        At least one point.
    n : int
    reference : ndarray of shape (n_axes,), default=None
        The worst value of each axis that counts. Where it is NaN or not given, it is below the worst observed
        value.

    Returns
    -------
    ndarray of shape (n,)
        Fewer where there are fewer candidates.
    """
    worst = worst_that_counts(observed, reference)
    boxes = open_boxes(observed[non_dominated_rank(observed) == 0], worst)
    chosen: list[int] = []
    gains = expected_improvement(mean, std, boxes)
    # What joins the front only takes away from the gains of others, so that earlier ones are upper bounds.
    while len(chosen) < min(n, len(mean)):
        block = np.argsort(-gains, kind="stable")[: _BLOCK + 1]
        block, rest = block[:_BLOCK], gains[block[_BLOCK:]].max(initial=0.0)
        gains[block] = expected_improvement(mean[block], std[block], boxes)
        gains[chosen] = 0.0
        best = block[gains[block].argmax()]
        if gains[best] < rest:
            continue
        if gains[best] <= 0:
            break
        chosen.append(int(best))
        boxes = without_below(boxes, mean[best])
    if len(chosen) < min(n, len(mean)):
        order = non_dominated_order(mean)
        order = order[np.argsort(~(mean[order] > worst).all(axis=1), kind="stable")]
        chosen.extend(order[~np.isin(order, chosen)][: n - len(chosen)].tolist())
    return np.array(chosen, np.intp)


def worst_that_counts(observed: Points, reference: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Return the reference of the hypervolume: the one given, or a tenth of the extent below the worst."""
    extent = np.ptp(observed, axis=0)
    worst = observed.min(axis=0) - _MARGIN * np.where(extent > 0, extent, 1.0)
    return worst if reference is None else np.where(np.isnan(reference), worst, reference)


def expected_improvement(mean: Points, std: Points, boxes: Boxes) -> NDArray[np.float64]:
    """Return the volume of the boxes that each candidate is expected to dominate.

    The axes are independent, and so it is a sum over boxes of products over axes of differences of expected
    excesses (Yang et al. 2019, "Efficient computation of expected hypervolume improvement using box
    decomposition algorithms", theorem 1).

    Parameters
    ----------
    mean, std : ndarray of shape (n_candidates, n_axes)
    boxes : two ndarrays of shape (n_boxes, n_axes)

    Returns
    -------
    ndarray of shape (n_candidates,)
    """
    lower, upper = boxes
    axes = [
        np.unique(np.stack([lower[:, k], upper[:, k]]), return_inverse=True) for k in range(mean.shape[1])
    ]
    gains = np.empty(len(mean))
    for start in range(0, len(mean), _BLOCK):
        part = slice(start, start + _BLOCK)
        volumes = np.ones((len(mean[part]), len(lower)))
        for k, (levels, place) in enumerate(axes):
            excess = expected_excess(mean[part, k], std[part, k], levels)
            volumes *= excess[:, place[0]] - excess[:, place[1]]
        gains[part] = volumes.sum(axis=1)
    return gains


def expected_excess(mean: NDArray, std: NDArray, levels: NDArray) -> NDArray[np.float64]:
    """Return E[max(S - level, 0)] of normal S, shape (n, n_levels): the expected improvement of one score."""
    distance = mean[:, None] - levels
    uncertain = std > 0
    excess = np.maximum(distance, 0)
    finite = np.isfinite(levels)
    d, s = distance[np.ix_(uncertain, finite)], std[uncertain, None]
    density = np.exp(-((d / s) ** 2) / 2) / np.sqrt(2 * np.pi)
    excess[np.ix_(uncertain, finite)] = np.maximum(d * ndtr(d / s) + s * density, 0)
    return excess


def open_boxes(front: Points, reference: NDArray[np.float64]) -> Boxes:
    """Divide what is above the reference, and below no point of the front, into disjoint boxes."""
    boxes = (reference[None].astype(np.float64), np.full((1, len(reference)), np.inf))
    # From the top of one axis down, each point cuts few boxes.
    for point in front[np.argsort(-front[:, -1], kind="stable")]:
        boxes = without_below(boxes, point)
    return boxes


def without_below(boxes: Boxes, point: NDArray[np.float64]) -> Boxes:
    """Cut away what is below a point: of a box that reaches below it, up to one piece per axis is left."""
    lower, upper = boxes
    cut = (lower < point).all(axis=1)
    pieces = [(lower[~cut], upper[~cut])]
    low, high = lower[cut], upper[cut].copy()
    for axis in reversed(range(len(point))):
        above = high[:, axis] > point[axis]
        piece = low[above].copy(), high[above].copy()
        piece[0][:, axis] = point[axis]
        pieces.append(piece)
        high[:, axis] = np.minimum(high[:, axis], point[axis])
    return np.concatenate([piece[0] for piece in pieces]), np.concatenate([piece[1] for piece in pieces])


def spread_out(costs: Points, taken: Points, n: int) -> NDArray[np.intp]:
    """Return the indices of up to ``n`` rows whose costs are spread, away from those of the taken ones too.

    Each row is the one that is farthest from all before it, in shares of the extent of each cost. The first
    is the one nearest to the middle.

    Parameters
    ----------
    costs : ndarray of shape (n_rows, n_costs)
    taken : ndarray of shape (n_taken, n_costs)
    n : int
    """
    lowest, extent = costs.min(axis=0), np.ptp(costs, axis=0)
    own, others = ((points - lowest) / np.where(extent > 0, extent, 1.0) for points in (costs, taken))
    chosen: list[int] = []
    for _ in range(min(n, len(costs))):
        before = np.concatenate([others, own[chosen]])
        if len(before):
            distances = np.abs(own[:, None] - before).max(axis=2).min(axis=1)
            distances[chosen] = -1.0
            chosen.append(int(distances.argmax()))
        else:
            chosen.append(int(np.abs(own - 0.5).max(axis=1).argmin()))
    return np.array(chosen, np.intp)
