"""Which architectures to try where there are several objectives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..metrics import hypervolume, non_dominated_order, non_dominated_rank

Scores = NDArray[np.float64]  # (n, n_objectives), higher is better

# How far the reference of the hypervolume is below the front, as a share of its extent: a point beyond an end
# of the front counts a little, and does not count more than one that fills a gap.
_MARGIN = 0.1


def order_by_improvement(predicted: Scores, observed: Scores, n: int) -> NDArray[np.intp]:
    """Return the indices of all predicted points; the first ``n`` add most to the hypervolume.

    They are chosen one after the other, each for the hypervolume that it adds to that of the observed points
    and of those chosen before it. The others, and all once nothing adds any, follow by non-dominated rank and
    crowding.

    Parameters
    ----------
    predicted : ndarray of shape (n_candidates, n_objectives)
    observed : ndarray of shape (n_observed, n_objectives)
        At least one point.
    n : int

    Returns
    -------
    ndarray of shape (n_candidates,)
    """
    front = observed[non_dominated_rank(observed) == 0]
    lowest, extent = front.min(axis=0), np.ptp(front, axis=0)
    extent = np.where(extent > 0, extent, np.ptp(observed, axis=0))
    extent[extent == 0] = 1.0
    front, points = (front - lowest) / extent + _MARGIN, (predicted - lowest) / extent + _MARGIN
    order = non_dominated_order(points)
    # What is dominated by points that are themselves dominated is rarely the next to add most.
    left = order[non_dominated_rank(points)[order] <= 1]
    chosen: list[int] = []
    while len(chosen) < n and len(left):
        gains = np.array([improvement(point, front) for point in points[left]])
        if not gains.max() > 0:
            break
        best = left[gains.argmax()]
        chosen.append(int(best))
        front = np.vstack([front, points[best]])
        left = left[left != best]
    return np.concatenate([np.array(chosen, np.intp), order[~np.isin(order, chosen)]])


def improvement(point: Scores, front: Scores) -> float:
    """Return the volume above the origin that ``point`` dominates and no point of ``front`` does."""
    if (point <= 0).any() or (front >= point).all(axis=1).any():
        return 0.0
    # What the front dominates of the box below the point is what the front, cut to the box, dominates.
    return float(point.prod()) - hypervolume(np.minimum(front, point), np.zeros(len(point)))
