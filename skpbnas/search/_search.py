"""Algorithm 1: propose, evaluate, add to what is known, and again."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from tqdm.auto import tqdm

from .._for_space import for_space
from ..candidates import EvolutionaryCandidateSampler
from ..spaces import Rows, SearchSpace
from ._archive import Archive, CheckpointError, Scores
from ._loop import Callback, Loop
from ._propose import default_predictor, propose


class ParetoFront(NamedTuple):
    """The evaluations that no other dominates.

    Attributes
    ----------
    rows : ndarray of shape (n, n_features)
    architectures : list
        The decoded rows.
    scores : ndarray of shape (n, n_objectives)
    """

    rows: Rows
    architectures: Any
    scores: Scores


class PredictorBasedSearch(BaseEstimator):
    """Predictor-based neural architecture search (Algorithm 1), to be asked and told, or run.

    The search starts from ``n_initial`` random architectures. Then each iteration fits the predictor on
    everything evaluated so far, draws a pool S', and proposes the ``batch_size`` architectures of the pool
    that are predicted best. No architecture is proposed twice.

    Several objectives are searched for where the scores are rows of numbers: the architectures proposed are
    then those of the predicted Pareto front, spread along it.

    Parameters
    ----------
    space : SearchSpace
        The architectures to choose from.
    predictor : estimator, "random" or None, default=None
        Ranks the pool; higher is better. None is :func:`~skpbnas.search.default_predictor`. ``"random"`` is
        the control that takes the pool's rows at random: random search with a uniform pool, mutation only
        with an evolutionary pool. It is cloned; its ``n_nodes`` and ``random_state``, and those of its parts,
        are set where they are None, or its method ``for_space(space, seed)`` is asked.
    candidates : candidate sampler, default=None
        Draws the pool. None is ``EvolutionaryCandidateSampler()``. It is cloned; its ``space`` is set
        where it is None.
    n_initial : int, default=4
        Number of random architectures at the start; they count as evaluations like all others.
    batch_size : int, default=4
        K, the number of architectures evaluated per iteration.
    random_state : int or None, default=None
        The same number gives the same search.

    Attributes
    ----------
    best_architecture_ : object
        The decoded architecture with the highest score told.
    best_score_ : float
        Its score.
    pareto_front_ : ParetoFront
        The rows, architectures and scores of the evaluations that no other dominates. With several
        objectives, there is no ``best_architecture_``.
    history_ : pandas.DataFrame
        One line per evaluation, initial ones included: ``evaluation`` (counted from 1), ``iteration`` (0 for
        the initial ones), ``score``, ``predicted_score``, ``best_score`` so far, ``pool_size``,
        ``proposal_seconds`` (of the whole batch) and ``evaluation_seconds``. With several objectives:
        ``score_0``, ``score_1`` and so on, likewise the predicted ones, and ``on_front``, whether no other
        evaluation dominates it, instead of the best score.
    last_proposal_ : Proposal
        The latest batch, with the pool it was chosen from.

    Examples
    --------
    >>> from skpbnas import PredictorBasedSearch, UniformCandidateSampler
    >>> from skpbnas.datasets import load_digits_cells
    >>> table = load_digits_cells()
    >>> pool = UniformCandidateSampler(n_candidates=100)
    >>> search = PredictorBasedSearch(table.space, candidates=pool, random_state=0)
    >>> search = search.run(table.objective("validation_accuracy"), n_evaluations=12)
    >>> len(search.history_), table.n_queries
    (12, 12)

    References
    ----------
    Mauch et al., "Efficient Sampling for Predictor-Based Neural Architecture Search", Algorithm 1.
    """

    _parameter_constraints: dict = {
        "space": [SearchSpace],
        "predictor": [HasMethods(["fit", "predict"]), StrOptions({"random"}), None],
        "candidates": [HasMethods(["fit", "sample"]), None],
        "n_initial": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "random_state": [Interval(Integral, 0, None, closed="left"), None],
    }

    def __init__(
        self,
        space: SearchSpace,
        predictor: Any = None,
        candidates: Any = None,
        n_initial: int = 4,
        batch_size: int = 4,
        random_state: int | None = None,
    ) -> None:
        self.space = space
        self.predictor = predictor
        self.candidates = candidates
        self.n_initial = n_initial
        self.batch_size = batch_size
        self.random_state = random_state

    # ---------------------------------------------------------------------------------- ask and tell

    def ask(self, n: int | None = None) -> Rows:
        """Propose architectures to evaluate.

        Parameters
        ----------
        n : int, default=None
            How many; None for ``n_initial`` at the start and ``batch_size`` afterwards. Asking again before
            telling is allowed: what is pending is not proposed again.

        Returns
        -------
        ndarray of shape (n, n_features)
            Rows of the space, best predicted first; fewer where the space holds no more.

        Raises
        ------
        ValueError
            When every architecture of the space has been proposed, or n is not at least 1.
        """
        if n is not None and n < 1:
            raise ValueError(f"n={n!r} is not allowed; ask for at least one architecture")
        rows = self._ask(n)
        if not len(rows):
            raise ValueError(f"every architecture of {self.space!r} has been proposed; there is none left")
        return rows

    def tell(self, X: ArrayLike, y: ArrayLike) -> PredictorBasedSearch:
        """Add evaluated architectures.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Valid rows, in any order; also ones that were never asked for, such as earlier experiments.
        y : array-like of shape (n,) or (n, n_objectives)
            Their scores, higher is better. The first ones that are told fix the number of objectives. NaN or
            infinite: the evaluation failed; it counts as one, is not learned from and not proposed again.

        Raises
        ------
        ValueError
            Where the shapes do not agree or a row is not valid; nothing is added then.
        """
        self._begin()
        rows, scores = np.asarray(X), np.asarray(y, dtype=np.float64)
        if scores.ndim not in (1, 2) or len(scores) != len(rows) or scores.shape[1:] == (0,):
            raise ValueError(
                f"y has shape {scores.shape} for {len(rows)} rows of X; pass one score per row, or a row of "
                f"scores"
            )
        scores = self._archive.as_scores(scores)
        invalid = np.flatnonzero(~self.space.is_valid(rows))
        if len(invalid):
            raise ValueError(
                f"row {invalid[0]} of X is not a valid architecture of {self.space!r}; "
                f"tell only rows that ask() returned or space.encode made"
            )
        self._tell(rows, scores, np.full(len(rows), np.nan))
        return self

    # -------------------------------------------------------------------------------------- the loop

    def run(
        self,
        objective: Callable[[Any], Any],
        n_evaluations: int,
        n_jobs: int | None = 1,
        callbacks: Sequence[Callback] = (),
        checkpoint: str | os.PathLike[str] | None = None,
        vectorized: bool | None = None,
        progress: bool = False,
        asynchronous: bool = False,
    ) -> PredictorBasedSearch:
        """Evaluate architectures until ``n_evaluations`` have been told in all, earlier ones included.

        Parameters
        ----------
        objective : callable
            Takes one decoded architecture and returns its score, higher is better; or several scores, always
            as many.
        n_evaluations : int
            The budget, initial and failed evaluations included.
        n_jobs : int or None, default=1
            Architectures evaluated at the same time, by joblib's current backend: processes of this machine
            (``loky``), threads (``threading``), or the workers of a Dask cluster (``dask``). -1 is as many as
            there are; None leaves it to ``joblib.parallel_config``.
        callbacks : sequence of callable, default=()
            Called with the search after every batch, or after every evaluation where ``asynchronous``; one
            that returns True ends the run.
        checkpoint : path, default=None
            File that every evaluation is saved to. Where it exists, a new search continues from it, as if it
            had never been interrupted.
        vectorized : bool, default=None
            Whether the objective takes a batch of rows and returns the scores of each. None reads
            ``objective.vectorized``, as the objectives of a ``TabularBenchmark`` have it, else False.
        progress : bool, default=False
            Whether to show a progress bar.
        asynchronous : bool, default=False
            Whether to propose one architecture as soon as a worker is free, instead of a batch when all are:
            no worker waits for the slowest. What is under way is not proposed again. With more than one
            worker the search then depends on which evaluation finishes first.

        Returns
        -------
        self : PredictorBasedSearch

        Raises
        ------
        CheckpointError
            Where the checkpoint is damaged or belongs to another search; it is left as it is.
        Exception
            What the objective raised, or a ValueError where it returned another number of scores than
            before, after everything else in its batch was told. Running again evaluates what is still pending
            first.
        RuntimeError
            Where workers die whatever they evaluate.

        Warns
        -----
        UserWarning
            Where a worker died or a score is not finite: the evaluation has failed, and the search goes on.
            When a worker dies, what was under way is evaluated again, one by one; what kills a worker again
            has failed.
        """
        if vectorized is None:
            vectorized = bool(getattr(objective, "vectorized", False))
        self._open(checkpoint)
        with tqdm(
            total=n_evaluations, initial=self._archive.n_told, disable=not progress, unit="cell"
        ) as bar:
            Loop(self, n_evaluations, asynchronous, callbacks, bar).run(objective, n_jobs, vectorized)
        return self

    # --------------------------------------------------------------------------------------- results

    @property
    def best_architecture_(self) -> Any:
        """The decoded architecture with the highest score told."""
        X, y = self._told_of_one_objective()
        return self.space.decode(X[[y.argmax()]])[0]

    @property
    def best_score_(self) -> float:
        """The highest score told."""
        return float(self._told_of_one_objective()[1].max())

    @property
    def pareto_front_(self) -> ParetoFront:
        """The evaluations that no other dominates, in descending order of the first objective."""
        self._told()
        front = np.flatnonzero(self._archive.on_front())
        front = front[np.lexsort(-self._archive.scores[front].T[::-1])]
        rows = self._archive.rows[front]
        return ParetoFront(rows, self.space.decode(rows), self._archive.scores[front])

    @property
    def history_(self) -> pd.DataFrame:
        """One line per evaluation."""
        self._begin()
        return self._archive.to_frame()

    @property
    def evaluated_rows_(self) -> Rows:
        """The rows of the evaluations, in the order of ``history_``."""
        self._begin()
        return self._archive.rows[self._archive.told]

    def _told(self) -> tuple[Rows, Scores]:
        self._begin()
        X, y = self._archive.observed()
        if not len(y):
            raise NotFittedError("nothing has been evaluated yet; call run() or tell() first")
        return X, y

    def _told_of_one_objective(self) -> tuple[Rows, Scores]:
        X, y = self._told()
        if y.ndim > 1:
            raise AttributeError(
                f"a search for {y.shape[1]} objectives has no single best architecture; see pareto_front_"
            )
        return X, y

    # --------------------------------------------------------------------------------------- inside

    _checkpoint: Path | None = None  # where the current run saves

    def _begin(self) -> None:
        """Set the search up on first use."""
        if hasattr(self, "_archive"):
            return
        self._validate_params()
        seed = self.random_state
        self._set_up(
            Archive(self.space), int(np.random.default_rng().integers(2**31)) if seed is None else seed
        )

    def _set_up(self, archive: Archive, seed: int) -> None:
        predictor = default_predictor(self.space) if self.predictor is None else self.predictor
        pool = EvolutionaryCandidateSampler() if self.candidates is None else self.candidates
        self._archive, self._seed = archive, seed
        self._predictor = None if predictor == "random" else for_space(predictor, self.space, seed)
        self._candidates = for_space(pool, self.space, seed)

    def _open(self, checkpoint: str | os.PathLike[str] | None) -> None:
        """Continue from a checkpoint where there is one, and make sure that it can be written."""
        self._begin()
        before, self._checkpoint = self._checkpoint, None if checkpoint is None else Path(checkpoint)
        if self._checkpoint is None:
            return
        if self._checkpoint.exists() and self._checkpoint != before:
            if len(self._archive):
                raise CheckpointError(
                    f"checkpoint={str(checkpoint)!r} exists, and this search has proposed architectures of "
                    f"its own; give another path, or continue from the file with a new search"
                )
            self._set_up(*Archive.load(self._checkpoint, self.space, self.random_state))
        self._archive.save(self._checkpoint, self._seed)

    def _is_initial(self) -> bool:
        return len(self._archive) < self.n_initial

    def _next_size(self) -> int:
        return self.n_initial - len(self._archive) if self._is_initial() else self.batch_size

    def _ask(self, n: int | None) -> Rows:
        self._begin()
        archive = self._archive
        X, y = archive.observed()
        others = archive.rows[~archive.done]
        if initial := self._is_initial():
            X, y, others = X[:0], y[:0], archive.rows
        rng = np.random.default_rng([self._seed, len(archive)])
        size = self._next_size() if n is None else n
        proposal = propose(self.space, self._predictor, self._candidates, X, y, others, size, rng)
        if not (len(proposal.rows) or len(archive)):
            raise ValueError(
                f"{self.space!r} has no architecture to start from: is_valid refused all that sample drew; "
                f"skpbnas.testing.check_space(space) tells what {type(self.space).__name__} does wrong"
            )
        archive.add(
            proposal.rows,
            proposal.predicted,
            iteration=0 if initial else archive.last_iteration + 1,
            pool_size=len(proposal.pool),
            proposal_seconds=proposal.seconds,
        )
        self.last_proposal_ = proposal
        return proposal.rows

    def _tell(self, rows: Rows, scores: Scores, seconds: NDArray[np.float64], warned: bool = False) -> None:
        failed = np.count_nonzero(~np.isfinite(scores).all(axis=1))
        if failed and not warned:
            warnings.warn(
                f"the scores of {failed} of {len(scores)} architectures are NaN or infinite; they count as "
                f"failed evaluations: not learned from, not proposed again",
                UserWarning,
                stacklevel=3,
            )
        self._archive.record(rows, scores, seconds)
        if self._checkpoint is not None:
            self._archive.save(self._checkpoint, self._seed)
