"""Several objectives: who dominates whom, and how much a front dominates."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def non_dominated_rank(Y: ArrayLike) -> NDArray[np.int64]:
    """Return the front that each point belongs to: 0 for those that no other dominates.

    A point dominates another where it is at least as good in every objective and better in one. Rank 1 is
    what is not dominated once rank 0 is taken away, and so on.

    Parameters
    ----------
    Y : array-like of shape (n, n_objectives)
        Points; higher is better in every objective.

    Returns
    -------
    ndarray of shape (n,)
        Ranks, 0 is best. Equal points have equal ranks.

    References
    ----------
    Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", section III-A.

    Examples
    --------
    >>> non_dominated_rank([[3, 1], [1, 3], [2, 2], [1, 1]])
    array([0, 0, 0, 1])
    """
    points, inverse = np.unique(_points(Y), axis=0, return_inverse=True)
    ranks = np.full(len(points), -1)
    left, rank = np.arange(len(points)), 0
    while len(left):
        front = _front(points[left])
        ranks[left[front]] = rank
        left, rank = left[~front], rank + 1
    return ranks[inverse.ravel()]


def crowding_distance(Y: ArrayLike) -> NDArray[np.float64]:
    """Return how far apart the neighbours of each point of a front are, infinite at the ends.

    Parameters
    ----------
    Y : array-like of shape (n, n_objectives)
        Points that do not dominate each other.

    Returns
    -------
    ndarray of shape (n,)
        The sum over the objectives of the distance between a point's two neighbours, each objective scaled
        to the unit interval.

    References
    ----------
    Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", section III-B.
    """
    points = _points(Y)
    distance = np.zeros(len(points))
    for values in points.T:
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        spread = ordered[-1] - ordered[0] if len(ordered) else 0.0
        if spread > 0:
            gaps = np.full(len(points), np.inf)
            gaps[1:-1] = (ordered[2:] - ordered[:-2]) / spread
            distance[order] += gaps
    return distance


def non_dominated_order(Y: ArrayLike) -> NDArray[np.int64]:
    """Return the indices of points, best first: by front, and within a front the least crowded first.

    Parameters
    ----------
    Y : array-like of shape (n, n_objectives)
        Points; higher is better in every objective. With one objective it is the descending order.

    Returns
    -------
    ndarray of shape (n,)
        Where two points are equal in all of this, the earlier is first.

    Examples
    --------
    >>> non_dominated_order([[1, 1], [3, 1], [2, 2], [1, 3]])
    array([1, 3, 2, 0])
    """
    points, ranks = _points(Y), non_dominated_rank(Y)
    crowding = np.empty(len(points))
    for rank in range(ranks.max(initial=-1) + 1):
        crowding[ranks == rank] = crowding_distance(points[ranks == rank])
    return np.lexsort([-crowding, ranks])


def hypervolume(Y: ArrayLike, reference: ArrayLike) -> float:
    """Return the volume that points dominate above a reference point.

    Parameters
    ----------
    Y : array-like of shape (n, n_objectives)
        Points; higher is better in every objective.
    reference : array-like of shape (n_objectives,)
        The worst values that count. What is not better in every objective adds nothing.

    Returns
    -------
    float
        In the product of the objectives' units.

    Examples
    --------
    >>> hypervolume([[3, 1], [1, 3]], reference=[0, 0])
    5.0
    """
    points, worst = _points(Y), np.asarray(reference, dtype=np.float64)
    if worst.shape != points.shape[1:]:
        raise ValueError(
            f"reference has shape {worst.shape} for points of {points.shape[1]} objectives; "
            f"give one value per objective"
        )
    points = points[(points > worst).all(axis=1)] - worst
    return _volume(points[_front(points)])


def hypervolume_curve(Y: ArrayLike, reference: ArrayLike) -> NDArray[np.float64]:
    """Return the volume that the first k points dominate, for every k.

    Parameters
    ----------
    Y : array-like of shape (n, n_objectives)
        Points in the order in which they were evaluated; higher is better. NaN: failed, adds nothing.
    reference : array-like of shape (n_objectives,)
        As for :func:`hypervolume`.

    Returns
    -------
    ndarray of shape (n,)
        Never decreasing.

    Examples
    --------
    >>> hypervolume_curve([[3, 1], [1, 1], [1, 3]], reference=[0, 0])
    array([3., 3., 5.])
    """
    points = np.asarray(Y, dtype=np.float64)
    curve = np.zeros(len(points))
    front = points[:0]
    for k, point in enumerate(points):
        curve[k] = curve[k - 1] if k else 0.0
        if not np.isnan(point).any() and not (front >= point).all(axis=1).any():
            front = np.vstack([front[~(front <= point).all(axis=1)], point])
            curve[k] = hypervolume(front, reference)
    return curve


def _points(Y: ArrayLike) -> NDArray[np.float64]:
    points = np.asarray(Y, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] == 0:
        raise ValueError(f"Y has shape {points.shape}; pass points as an array of shape (n, n_objectives)")
    if np.isnan(points).any():
        raise ValueError("Y holds NaN; leave failed evaluations out")
    return points


def _front(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which of the points no other dominates."""
    best = np.zeros(len(points), bool)
    left = np.lexsort(-points.T[::-1])  # the first objective counts most: none dominates an earlier one
    while len(left):
        first = points[left[0]]
        best[left[0]] = True
        rest = points[left]
        equal = (rest == first).all(axis=1)
        best[left[equal]] = True
        left = left[(rest > first).any(axis=1)]
    return best


def _volume(points: NDArray[np.float64]) -> float:
    """Return the volume between the origin and a front, slice by slice along the last objective."""
    if len(points) == 0:
        return 0.0
    if points.shape[1] == 1:
        return float(points.max())
    points = points[np.argsort(-points[:, -1], kind="stable")]
    lower = np.append(points[1:, -1], 0.0)
    if points.shape[1] == 2:
        return float((np.maximum.accumulate(points[:, 0]) * (points[:, 1] - lower)).sum())
    volume = 0.0
    for k in range(len(points)):
        if height := points[k, -1] - lower[k]:
            above = points[: k + 1, :-1]
            volume += height * _volume(above[_front(above)])
    return float(volume)
