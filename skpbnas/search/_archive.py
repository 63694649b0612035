"""What a search has proposed and observed, in memory: one record each, in the order of asking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..metrics import non_dominated_rank
from ..spaces import Rows, SearchSpace

Scores = NDArray[np.float64]

PENDING, DONE, FAILED = 0, 1, 2
# One record per evaluation; NaN where a value is not known.
RECORD = np.dtype(
    [
        ("status", np.uint8),
        ("iteration", np.int64),
        ("pool_size", np.int64),
        ("proposal_seconds", np.float64),
        ("evaluation_seconds", np.float64),
    ]
)


class Observed(NamedTuple):
    """What has been observed, one line per architecture, in the order of their first evaluations.

    Attributes
    ----------
    rows : ndarray of shape (n, n_features)
    scores : ndarray of shape (n,) or (n, n_objectives)
        Means over the finished evaluations of an architecture.
    counts : ndarray of shape (n,)
        How many there are.
    squares : ndarray of shape (n,) or (n, n_objectives)
        Sums of the squared deviations from these means.
    firsts : ndarray of shape (n,) or (n, n_objectives)
        The scores of the first evaluations.
    failures : ndarray of shape (n,)
        How many further evaluations have failed.
    """

    rows: Rows
    scores: Scores
    counts: NDArray[np.intp]
    squares: Scores
    firsts: Scores
    failures: NDArray[np.intp]


class Archive:
    """The evaluations of a search, one record each, in the order in which they were asked for.

    The order does not depend on which evaluation finishes first, so that parallel searches repeat. The first
    finished evaluation tells how many objectives there are.

    Parameters
    ----------
    space : SearchSpace
    cost_names : sequence of str, default=()
        The costs that are known of every architecture.
    costs_of : callable, default=None
        Returns the costs of rows, (n, n_costs). None: there are none, or nothing is added.
    """

    def __init__(
        self,
        space: SearchSpace,
        cost_names: Sequence[str] = (),
        costs_of: Callable[[Rows], Scores] | None = None,
    ) -> None:
        self.space = space
        self.cost_names = tuple(cost_names)
        self.costs_of = costs_of
        self.rows: Rows = np.empty((0, space.n_features), np.uint8)
        self.keys: NDArray[np.uint64] = np.empty(0, np.uint64)
        self.records = np.empty(0, RECORD)
        self.scores: Scores = np.empty((0, 1))  # (n, n_objectives), like what was predicted; NaN: not known
        self.predicted: Scores = np.empty((0, 1))
        self.costs: Scores = np.empty((0, len(self.cost_names)))
        self.details: dict[int, Any] = {}  # by place, where the objective returned some

    def __len__(self) -> int:
        return len(self.records)

    @property
    def n_told(self) -> int:
        """Number of evaluations paid for: finished and failed ones."""
        return int(np.count_nonzero(self.told))

    @property
    def told(self) -> NDArray[np.bool_]:
        """Which evaluations are finished or failed."""
        return self.records["status"] != PENDING

    @property
    def done(self) -> NDArray[np.bool_]:
        """Which evaluations are finished."""
        return self.records["status"] == DONE

    @property
    def n_objectives(self) -> int:
        """Number of scores per architecture; 1 before any is known."""
        return self.scores.shape[1]

    @property
    def last_iteration(self) -> int:
        """The iteration of the latest proposal; -1 before any."""
        return int(self.records["iteration"].max()) if len(self) else -1

    def where(self, status: int) -> Rows:
        """Return the rows of one status."""
        return self.rows[self.records["status"] == status]

    @property
    def repeats(self) -> NDArray[np.intp]:
        """How many earlier evaluations each has of the same architecture."""
        order = np.argsort(self.keys, kind="stable")
        starts = np.flatnonzero(np.append(True, self.keys[order][1:] != self.keys[order][:-1])[: len(order)])
        lengths = np.diff(np.append(starts, len(order)))
        counted = np.empty(len(self), np.intp)
        counted[order] = np.arange(len(order)) - np.repeat(starts, lengths)
        return counted

    def observed(self) -> Observed:
        """Return what the finished evaluations tell of each architecture."""
        done = self.done
        scores = self.scores[done]
        _, first, of = np.unique(self.keys[done], return_index=True, return_inverse=True)
        place = np.argsort(np.argsort(first))[of]  # of each evaluation, in the order of the first ones
        counts = np.bincount(place, minlength=len(first))
        firsts = scores[np.sort(first)]
        beyond, squares = np.zeros_like(firsts), np.zeros_like(firsts)
        np.add.at(beyond, place, scores - firsts[place])
        means = firsts + beyond / counts[:, None]  # exact where all scores of an architecture are equal
        np.add.at(squares, place, (scores - means[place]) ** 2)
        if self.n_objectives == 1:
            means, squares, firsts = means[:, 0], squares[:, 0], firsts[:, 0]
        failed = self.keys[self.records["status"] == FAILED]
        failures = (self.keys[done][np.sort(first)][:, None] == failed).sum(axis=1)
        return Observed(self.rows[done][np.sort(first)], means, counts, squares, firsts, failures)

    def add(self, rows: Rows, predicted: Scores | float = np.nan, **values: Any) -> slice:
        """Append pending evaluations, with what was predicted and the values of their records.

        Returns
        -------
        slice
            Their places.
        """
        new = np.zeros(len(rows), RECORD)
        new["evaluation_seconds"] = np.nan
        for name, value in values.items():
            new[name] = value
        unknown = np.full((len(rows), self.n_objectives), np.nan)
        costs = np.empty((len(rows), 0)) if self.costs_of is None else self.costs_of(rows)
        self.rows = np.concatenate([self.rows, rows])
        self.keys = np.concatenate([self.keys, self.space.canonical_key(rows)])
        self.records = np.concatenate([self.records, new])
        self.scores = np.concatenate([self.scores, unknown])
        self.predicted = np.concatenate([self.predicted, unknown])
        self.costs = np.concatenate([self.costs, costs])
        if np.ndim(predicted):
            self.predicted[len(self) - len(rows) :] = np.reshape(predicted, unknown.shape)
        return slice(len(self) - len(rows), len(self))

    def as_scores(self, y: Scores) -> Scores:
        """Return scores as ``(n, n_objectives)``; a single value that is not finite stands for all of them.

        Raises
        ------
        ValueError
            Where earlier evaluations have another number of scores.
        """
        scores = y.reshape(len(y), -1)
        if scores.shape[1] == self.n_objectives or not self.done.any():
            return scores
        if scores.shape[1] == 1 and not np.isfinite(scores).any():
            return np.repeat(scores, self.n_objectives, axis=1)
        raise ValueError(
            f"{scores.shape[1]} scores per architecture, where earlier evaluations of this search have "
            f"{self.n_objectives}; a search keeps to one number of objectives"
        )

    def record(
        self,
        rows: Rows,
        scores: Scores,
        seconds: NDArray[np.float64],
        repeats: NDArray[np.intp] | None = None,
    ) -> list[int]:
        """Store scores; rows that nobody asked for are added first. A score that is not finite has failed.

        Parameters
        ----------
        rows : ndarray of shape (n, n_features)
        scores : ndarray of shape (n, n_objectives)
        seconds : ndarray of shape (n,)
        repeats : ndarray of shape (n,), default=None
            Which of its architecture's evaluations each is, counted from 0; None: the first that is pending.

        Returns
        -------
        list of int
            The places of the evaluations.
        """
        if scores.shape[1] != self.n_objectives:  # nothing is finished yet, so all that is known is NaN
            self.scores = np.full((len(self), scores.shape[1]), np.nan)
            self.predicted = self.scores.copy()
        keys, places = self.space.canonical_key(rows), []
        for k in range(len(rows)):
            index = self._pending_index(keys[k], None if repeats is None else int(repeats[k]))
            if index is None:
                index = self.add(rows[k : k + 1], iteration=max(self.last_iteration, 0)).start
            self.scores[index] = scores[k]
            self.records["status"][index] = DONE if np.isfinite(scores[k]).all() else FAILED
            self.records["evaluation_seconds"][index] = seconds[k]
            places.append(index)
        return places

    def _pending_index(self, key: np.uint64, repeat: int | None) -> int | None:
        places = np.flatnonzero(self.keys == key)
        waiting = places[~self.told[places]]
        if repeat is not None and places[repeat] in waiting:
            return int(places[repeat])
        return int(waiting[0]) if len(waiting) else None

    def extends(self, other: Archive) -> bool:
        """Return whether this holds all of another archive, and at least the scores that it has."""
        n = len(other)
        if n > len(self) or (self.keys[:n] != other.keys).any():
            return False
        told = other.told
        if not told.any():
            return True
        return bool(self.told[:n][told].all()) and np.array_equal(
            self.scores[:n][told], other.scores[told], equal_nan=True
        )

    def on_front(self) -> NDArray[np.bool_]:
        """Tell which architectures are finished and not dominated by any other."""
        front = self.done
        points = np.concatenate([self.scores, -self.costs], axis=1)
        front[front] = non_dominated_rank(points[front]) == 0
        return front

    @property
    def is_for_a_front(self) -> bool:
        """Whether there are several objectives, or costs."""
        return self.n_objectives + len(self.cost_names) > 1

    def to_frame(self) -> pd.DataFrame:
        """Return one line per finished or failed evaluation; ``evaluation`` counts them from 1."""
        told, done = self.told, self.done[self.told]
        records = self.records[told]
        columns: dict[str, Any] = {
            "evaluation": np.arange(1, len(records) + 1),
            "iteration": records["iteration"],
            "repeat": self.repeats[told],
        }
        if self.n_objectives == 1:
            score = pd.Series(self.scores[told, 0])
            columns |= {"score": score, "predicted_score": self.predicted[told, 0]}
            columns["best_score"] = score.where(done).cummax().ffill()
        else:
            for name, values in (("score", self.scores), ("predicted_score", self.predicted)):
                columns |= {f"{name}_{k}": column for k, column in enumerate(values[told].T)}
        columns |= dict(zip(self.cost_names, self.costs[told].T, strict=True))
        if self.is_for_a_front:
            columns["on_front"] = self.on_front()[told]
        names = ("pool_size", "proposal_seconds", "evaluation_seconds")
        return pd.DataFrame(columns | {name: records[name] for name in names})
