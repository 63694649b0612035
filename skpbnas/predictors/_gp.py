"""A ranker without a network: a Gaussian process on descriptors of the graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ..preprocessing import GraphDescriptors
from ..preprocessing._descriptors import signed_roots
from ._base import GraphRankPredictor
from ._given import as_scores, as_task, check_extra
from ._improvement import log_expected_improvement
from ._kernel import Matrix
from ._normal_scores import NormalScores
from ._process import NOISE_OF_RANKS, NOISE_OF_VALUES, Process
from ._remembered import Remembered
from ._tails import Tails
from ._tasks import process_of_task
from ._values import Values

Earlier = Sequence[tuple[ArrayLike, ArrayLike]]  # rows and scores of other tasks

_FEWEST = 4  # labels that can tell whether an earlier task is related
_CLEARLY = 3.0  # times as probable as without it are the labels where an earlier task is related
_CHUNK = 4096  # rows scored at a time, which bounds the memory

_REMEMBERED: Remembered[NDArray] = Remembered()  # descriptors


class GPRankPredictor(GraphRankPredictor):
    """Gaussian process on descriptors of the rows, trained on the ranks of the targets or on their values.

    :class:`~skpbnas.preprocessing.GraphDescriptors` describes the rows: their graphs, and the columns that
    mean something in their place. All of it enters a rational quadratic kernel, descriptors of graphs with
    their square roots. Descriptors of one kind share a scale. The scales, the amplitude and the noise are
    those of the highest posterior density; scales are likely to be alike, most of all those from one source:
    the graph, layers, extra columns. Nothing is random.

    Parameters
    ----------
    n_nodes : int, default=None
        L, the number of nodes of a row's graph: a row holds the ``L x L`` adjacency matrix and then the
        ``L x d`` node features. None reads L from the column names, where X is a DataFrame with those of a
        space; otherwise a row is a single node: a table, each column with a scale of its own.
    exploration : float or "improvement", default=0.0
        Number of standard deviations by which the scores are above the mean: 0 ranks by the mean, 2 by an
        upper confidence bound, which a search should use to choose what to evaluate next. With
        ``"improvement"`` the scores are the mean, and :meth:`acquisition` is the expected improvement.
    max_tuning_rows : int, default=300
        Number of rows that the scales, the amplitude and the noise are chosen by: where there are more, rows
        that are evenly spaced in the ranking. Predictions use all rows.
    roles : sequence of str, default=None
        What each column of a row is, from ``space.get_roles_out()``; a search and a study set it. None: nodes
        have no order.
    extra : sequence of str, default=None
        Names of columns that follow those of the row, such as costs or zero-cost scores; each has a scale of
        its own. Values far from the median count logarithmically, so that no unit has to be chosen.
    targets : {"ranks", "values"}, default="ranks"
        What is learned: normal scores, the value that the rank of a target has in a standard normal sample;
        or the standardised targets themselves, where those far below the others count logarithmically. Values
        tell more where the targets are a smooth function of numbers.
    max_rows : int, default=None
        Number of rows that predictions use, which bounds the time of a fit; None for all. Where there are
        more, half of them are the best, and half are evenly spaced in the ranking of the others. All targets
        count for the ranks or the standardised values.

    Attributes
    ----------
    n_nodes_ : int
        L.
    scales_ : dict of str to float
        For each kind of descriptor that varies, the inverse of its length scale, on standardised descriptors.
        ``"task 1"`` and so on tell how much the weights of earlier tasks may differ from what is expected,
        where they are used.
    amplitude_ : float
        Variance of the process, in normal scores or standardised values.
    noise_ : float
        Variance of the noise, likewise.
    n_features_in_ : int
        Number of columns.

    See Also
    --------
    GCNRankPredictor : Learns from the graphs themselves.

    Notes
    -----
    A score is the mean of the process and ``exploration`` standard deviations more, mapped from normal scores
    to the scale of y. With ``return_std`` the standard deviation is half the width, on the scale of y, of the
    interval of one standard deviation around the mean, without the noise of an observation.

    Each earlier task has a process of its own, fitted to it alone. What these expect of a row, times weights,
    is a part of what is expected here: the weights have normal distributions whose mean is .6, in all,
    and whose variances are chosen like scales. With four targets and more, earlier tasks count only where
    these targets are three times as probable with them as without.

    A fit takes a time cubic in the number of rows, up to ``max_rows``: some seconds at 4,236 rows of
    NASBench-101, on one core.

    Examples
    --------
    >>> import numpy as np
    >>> from skpbnas import CellSpace
    >>> from skpbnas.predictors import GPRankPredictor
    >>> space = CellSpace(5, ["conv", "pool"])
    >>> X = space.sample(50, np.random.default_rng(0))
    >>> y = X.sum(axis=1)
    >>> predictor = GPRankPredictor(n_nodes=space.n_nodes).fit(X[:40], y[:40])
    >>> bool(predictor.score(X[40:], y[40:]) > 0.8)
    True
    """

    _parameter_constraints: dict = {
        "n_nodes": [Interval(Integral, 1, None, closed="left"), None],
        "roles": ["array-like", None],
        "extra": ["array-like", None],
        "targets": [StrOptions({"ranks", "values"})],
        "exploration": [Interval(Real, 0, None, closed="left"), StrOptions({"improvement"})],
        "max_tuning_rows": [Interval(Integral, 2, None, closed="left")],
        "max_rows": [Interval(Integral, 2, None, closed="left"), None],
    }

    def __init__(
        self,
        n_nodes: int | None = None,
        exploration: float | str = 0.0,
        max_tuning_rows: int = 300,
        roles: Sequence[str] | None = None,
        extra: Sequence[str] | None = None,
        targets: str = "ranks",
        max_rows: int | None = None,
    ) -> None:
        self.n_nodes = n_nodes
        self.exploration = exploration
        self.max_tuning_rows = max_tuning_rows
        self.roles = roles
        self.extra = extra
        self.targets = targets
        self.max_rows = max_rows

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike, prior: Earlier | None = None, n_repeats: ArrayLike | None = None
    ) -> GPRankPredictor:
        """Learn from observed architectures.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Rows, each followed by its extra columns.
        y : array-like of shape (n,)
            Their scores, higher is better.
        prior : sequence of (rows, scores), default=None
            What is known of other tasks, such as the same space on another data set: rows like those of X and
            their scores, each on a scale of its own. Of each task, ``max_rows`` are used.
        n_repeats : array-like of shape (n,), default=None
            How many evaluations each score is the mean of: the variance of the noise is divided by it. None:
            each is a single one. It is no ``sample_weight``: two equal rows would say that there is no noise.

        Returns
        -------
        self : GPRankPredictor
        """
        check_extra(X, self.extra)
        rows, targets = self._checked(X, y)
        earlier = [self._checked_task(k, *as_task(k, task)) for k, task in enumerate(prior or ())]
        self._learn(
            rows, targets, earlier, None if n_repeats is None else _checked_repeats(n_repeats, targets)
        )
        return self

    def _checked_task(self, k: int, X: ArrayLike, y: ArrayLike) -> tuple[NDArray, Matrix]:
        """Return the rows and the scores of an earlier task, where they fit those of this one."""
        rows, scores = np.asarray(X), as_scores(k, y)
        if rows.ndim != 2 or rows.shape[1] != self.n_features_in_:
            raise ValueError(
                f"prior[{k}] has rows of shape {rows.shape}, but those of X have {self.n_features_in_} "
                f"columns; give rows of the same space, with the same extra columns"
            )
        if scores.shape != (len(rows),) or len(rows) == 0:
            raise ValueError(
                f"prior[{k}] has scores of shape {scores.shape} for {len(rows)} rows; give one for each row"
            )
        for name, values in (("rows", rows), ("scores", scores)):
            if not np.isfinite(values).all():
                raise ValueError(f"prior[{k}] has {name} that are NaN or infinite; leave them out")
        return rows, scores

    def _learn(
        self,
        X: NDArray,
        y: Matrix,
        earlier: Sequence[tuple[NDArray, Matrix]] = (),
        n_repeats: Matrix | None = None,
    ) -> None:
        self._targets = (NormalScores if self.targets == "ranks" else Values)(y)
        used = informative_rows(y, self.max_rows)
        self._uses_all = len(used) == len(y)
        X, t = X[used], self._targets.values[used]
        self._describe = GraphDescriptors(self.n_nodes_, self.roles, self.extra).fit(X)
        self._is_table = self.n_nodes_ == 1 and self.roles is None  # nothing to describe
        roles = self._describe.roles_
        graph = [k for k, role in enumerate(roles) if role.startswith("graph ")]
        self._graph = np.array(graph, np.intp)
        self._extra = [k for k, role in enumerate(roles) if role.startswith("extra ")]
        self._roles = roles + [roles[k] for k in graph]  # a descriptor and its root share a scale

        if self._extra:
            every = np.concatenate([X, *(rows for rows, _ in earlier)]).astype(np.float64)
            self._tails = Tails(every[:, -len(self._extra) :])
        described = self._with_roots(self._describe.transform(X))
        shares = 1.0 if n_repeats is None else 1 / n_repeats[used]
        noise = NOISE_OF_RANKS if self.targets == "ranks" else NOISE_OF_VALUES
        learned = (described, self._roles, t, self.max_tuning_rows, shares, noise)
        self._process = Process(*learned)
        if earlier:
            told = Process(*learned, [self._of_task(*task, noise) for task in earlier])
            # What is observed now decides whether earlier tasks tell something of it, as soon as it can.
            gained = told.log_evidence - self._process.log_evidence
            if len(t) < _FEWEST or gained > np.log(_CLEARLY):
                self._process = told
        self.scales_ = {_short(role): scale for role, scale in self._process.scales.items()}
        self.amplitude_, self.noise_ = self._process.amplitude, self._process.noise
        pieces = [described[k : k + _CHUNK] for k in range(0, len(described), _CHUNK)]
        self._best = max(float(self._process.posterior(piece, False)[0].max()) for piece in pieces)

    @property
    def _bonus(self) -> float:
        """Number of standard deviations by which scores are above the mean."""
        return 0.0 if isinstance(self.exploration, str) else self.exploration

    def _of_task(self, X: NDArray, y: Matrix, noise: tuple[float, float]) -> Process:
        """Return the process of an earlier task."""
        used = informative_rows(y, self.max_rows)
        described = self._with_roots(self._describe.transform(X[used]))
        t = type(self._targets)(y).values[used]
        return process_of_task(described, self._roles, t, self.max_tuning_rows, noise)

    def _predict(self, X: NDArray, uncertain: bool) -> tuple[Matrix, Matrix]:
        mean, std = self._posterior(X, uncertain or self._bonus > 0)
        inverse = self._targets.inverse
        return inverse(mean + self._bonus * std), (inverse(mean + std) - inverse(mean - std)) / 2

    def acquisition(self, X: ArrayLike) -> NDArray[np.float64]:
        """Tell which architectures to evaluate next, those with the highest numbers.

        The scores of :meth:`predict` or, with ``exploration="improvement"``, the logarithm of the
        improvement that is expected over the best that was fitted (Jones et al. 1998, eq. 15) or is pending,
        in normal scores or standardised values. What is best the mean of the process tells, and not the
        targets, so that noise does not count.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n,)
        """
        if not isinstance(self.exploration, str):
            scores: NDArray[np.float64] = self.predict(X)
            return scores
        mean, std = self._posterior(self._rows_of(X), True)
        return log_expected_improvement(mean - self._best, std)

    def predict_best(self, X: ArrayLike, n: int) -> NDArray[np.float64]:
        """Score the n best architectures, and others only as far as it takes to find these.

        All that a search needs, for a fraction of the time of :meth:`predict` where there are many rows. No
        row is more uncertain than given the nearest label alone; one that is not among the best even then
        needs no standard deviation of its own.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows.
        n : int
            How many of the best are needed, at least 1.

        Returns
        -------
        scores : ndarray of shape (n_rows,)
            Those of :meth:`predict`; NaN for most rows that are not among the n best.

        Raises
        ------
        ValueError
            Where n is not at least 1.
        """
        if n < 1:
            raise ValueError(f"n={n!r} is not allowed; at least one row has to be scored")
        rows = self._rows_of(X)
        if len(rows) <= _CHUNK or not self._bonus:
            return self.predict(X)
        limits = [self._process.limits(described) for _, described in self._described(rows)]
        mean, std = np.concatenate(limits, axis=1)
        most = mean + self._bonus * std
        scores = np.full(len(rows), np.nan)
        order = np.argsort(-most, kind="stable")
        for start in range(0, len(rows), _CHUNK):
            part = order[start : start + _CHUNK]
            if start >= n and most[part[0]] < np.sort(scores[order[:start]])[-n]:
                break
            part_mean, std = self._posterior(rows[part], True)
            scores[part] = part_mean + self._bonus * std
        return self._targets.inverse(scores)

    def predict_left_out(self, places: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Predict architectures that were fitted to, each from all others but itself.

        The scales are those of all architectures.

        Parameters
        ----------
        places : array-like of int, shape (n,)
            Which rows of the fit.

        Returns
        -------
        scores : ndarray of shape (n,)
            The mean of the process, on the scale of y.
        std : ndarray of shape (n,)
            Half the width, on the scale of y, of the interval of one standard deviation of an observation
            around it, its noise included.

        Raises
        ------
        ValueError
            Where some rows of the fit are not used.
        """
        check_is_fitted(self)
        if not self._uses_all:
            raise ValueError(f"max_rows={self.max_rows} is less than the rows of the fit; give max_rows=None")
        mean, std = self._process.left_out(np.asarray(places, dtype=np.intp))
        inverse = self._targets.inverse
        return inverse(mean), (inverse(mean + std) - inverse(mean - std)) / 2

    def with_pending(self, X: ArrayLike) -> GPRankPredictor:
        """Return the process as if rows had been evaluated, with the mean as their result.

        The mean stays what it is everywhere. The uncertainty falls around the rows, so that what is chosen
        next keeps away from what is under way (Desautels et al. 2014, section 4.2), and improves on it.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Rows under evaluation.

        Returns
        -------
        GPRankPredictor
            A fitted copy.
        """
        grown = copy(self)
        for _, described in self._described(self._rows_of(X)):
            mean, _ = grown._process.posterior(described, False)
            grown._best = max(grown._best, float(mean.max()))
            grown._process = grown._process.with_pending(described)
        return grown

    def standard_scores(self, rows: NDArray, uncertain: bool) -> tuple[Matrix, Matrix]:
        """Return what :meth:`predict` maps to the scale of y, for valid rows, any number of them.

        Parameters
        ----------
        rows : ndarray of shape (n, n_features)
        uncertain : bool
            Whether the standard deviations are needed.

        Returns
        -------
        mean, std : ndarray of shape (n,)
            Normal scores or, with ``targets="values"``, standardised values.
        """
        return self._posterior(rows, uncertain) if len(rows) else (np.zeros(0), np.zeros(0))

    def with_margin(self, margin: float) -> GPRankPredictor:
        """Return a fitted copy for which less than a margin is no improvement, so that it looks further away.

        Parameters
        ----------
        margin : float
            In normal scores or standardised values.

        Returns
        -------
        GPRankPredictor
        """
        bolder = copy(self)
        bolder._best += margin
        return bolder

    def _posterior(self, rows: NDArray, uncertain: bool) -> tuple[Matrix, Matrix]:
        """Return the mean of the process at each row and, if uncertain, its standard deviation, else 0."""
        mean, std = np.empty(len(rows)), np.zeros(len(rows))
        for part, described in self._described(rows):
            mean[part], std[part] = self._process.posterior(described, uncertain)
        return mean, std

    def _described(self, X: NDArray) -> Iterator[tuple[slice, Matrix]]:
        """Yield what describes consecutive rows; that of many rows is kept for the next time."""
        kind = (self.n_nodes_, tuple(self.roles or ()), tuple(self.extra or ()), X.dtype)
        table = [(slice(0, len(X)), X)]
        pieces = table if self._is_table else _REMEMBERED.of(X, kind, self._describe.transform)
        for piece, described in pieces:
            for start in range(0, len(described), _CHUNK):
                part = self._with_roots(described[start : start + _CHUNK])
                first = piece.start + start
                yield slice(first, first + len(part)), part

    def _with_roots(self, described: NDArray) -> Matrix:
        described = described.astype(np.float64)
        if self.extra:
            described[:, self._extra] = self._tails.pressed(described[:, self._extra])
        if not len(self._graph):
            return described
        return np.concatenate([described, signed_roots(described[:, self._graph])], axis=1)


def informative_rows(y: Matrix, n: int | None) -> NDArray[np.intp]:
    """Return the places of n rows, in order: half are the best, half evenly spaced in the ranking below."""
    if n is None or len(y) <= n:
        return np.arange(len(y))
    order = np.argsort(-y, kind="stable")
    n_best = n - n // 2
    others = np.linspace(n_best, len(y) - 1, n // 2).round().astype(np.intp)
    return np.sort(order[np.concatenate([np.arange(n_best), others])])


def _checked_repeats(n_repeats: ArrayLike, y: Matrix) -> Matrix:
    counts = np.asarray(n_repeats, dtype=np.float64)
    if counts.shape != y.shape or not (np.isfinite(counts) & (counts >= 1)).all():
        raise ValueError(
            f"n_repeats={n_repeats!r} is not allowed for {len(y)} scores; give for each the number of "
            f"evaluations that it is the mean of, from 1"
        )
    return counts


def _short(role: str) -> str:
    return role.removeprefix("graph ").removeprefix("column ")
