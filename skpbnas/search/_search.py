"""Algorithm 1: propose, evaluate, add to what is known, and again."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from numbers import Integral
from time import monotonic
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from tqdm.auto import tqdm

from .._worker import as_real
from ..spaces import CellSpace, Rows, SearchSpace
from ._costs import Cost
from ._engines import Engine
from ._evaluate import Limits
from ._features import Features
from ._found import SearchResults
from ._identity import describe
from ._known import Prior
from ._loop import Finalists, Loop
from ._recommend import N_FINALISTS, SHARE_OF_REPEATS
from ._state import SearchState

Callback = Callable[["PredictorBasedSearch"], Any]


class PredictorBasedSearch(SearchResults, BaseEstimator):
    """Predictor-based neural architecture search (Algorithm 1), with ``ask`` and ``tell``, or run.

    The search starts from ``n_initial`` random architectures. Then each iteration fits the predictor on
    everything evaluated so far, draws a pool S', and proposes the ``batch_size`` architectures of the pool
    that are predicted best. No architecture is proposed twice.

    Several objectives are searched for where the scores are rows of numbers, or where there are costs: the
    architectures proposed are then those that are expected to add most to the hypervolume of the front.

    Parameters
    ----------
    space : SearchSpace
        The architectures to choose from.
    predictor : estimator, "random" or None, default=None
        Ranks the pool; higher is better. None is :func:`~skpbnas.search.default_predictor`. ``"random"`` is
        the control that takes the pool's rows at random: random search with a uniform pool, mutation only
        with an evolutionary pool; it refuses ``features`` and ``prior``. An estimator is cloned; its
        ``n_nodes`` and ``random_state`` are set where they are None.
    candidates : candidate sampler, default=None
        Draws the pool. None is :func:`~skpbnas.search.default_candidates`. It is cloned; its ``space`` is set
        where it is None.
    n_initial : int, default=None
        Number of random architectures at the start; they count as evaluations like all others. None is 4, or
        8 where there are costs to spread them over; in a :class:`~skpbnas.spaces.ParameterSpace` one more
        than there are parameters, up to 10.
    batch_size : int, default=4
        K, the number of architectures evaluated per iteration.
    random_state : int, RandomState, Generator or None, default=None
        The same number gives the same search. A generator gives a number when the search begins.
    costs : mapping of str to callable, default=None
        What an architecture costs and is known without training it, by name: functions of a batch of rows in
        canonical form, shape ``(n, n_features)``, that return ``n`` numbers from 0; a function of one
        architecture is wrapped in :class:`~skpbnas.search.OneByOne`. Costs are minimised beside the scores
        and never predicted. The first architectures are spread over them. A limit that holds for every
        architecture is a :class:`~skpbnas.spaces.ConstrainedSpace`.
    reference : mapping of str to float, default=None
        The worst that counts, by the name of a cost, and ``"score"``, or ``"score_0"`` and so on: more than
        ``{"latency": 20}`` is never worth a place on the front. What is not named counts down to a tenth of
        the observed extent below the worst value observed.
    features : mapping of str to callable, default=None
        Numbers that tell something of an architecture and need no training, by name, such as zero-cost
        scores: functions of a batch of rows in canonical form, shape ``(n, n_features)``, that return ``n``
        numbers. The predictor sees them beside the graph. They are computed for what is evaluated and for
        each pool, once for each architecture; those that are :class:`~skpbnas.search.ForTheBest` only for the
        best of a pool (for all of it where there are several objectives).
    prior : sequence of (rows, scores), default=None
        Earlier tasks, each with rows of this space and one score for each, higher is better, on a scale of
        its own: another data set, fewer epochs, a smaller network; NaN is left out. Half of the first
        architectures are their best ones. Then the predictor uses them where the observed scores clearly say
        that they tell something, and every other batch is chosen without them.

    Attributes
    ----------
    best_architecture_ : object
        The decoded architecture with the highest observed score: under noise, the luckiest one.
    best_score_ : float
        Its score.
    recommended_architecture_ : object
        The architecture with the highest expected true score. Without repeats, noise cannot be told from
        merit, and it is the best one.
    recommended_score_ : float
        Its expected true score.
    recommendation_ : Recommendation
        Both, with an interval of 90 % for the true score, and the probability that it is the best one.
    pareto_front_ : ParetoFront
        The rows, architectures, scores and costs of the evaluations that no other dominates. With several
        objectives, or with costs, there is no ``best_architecture_``.
    history_ : pandas.DataFrame
        One line per evaluation, initial ones included: ``evaluation`` (counted from 1), ``iteration`` (0 for
        the initial ones), ``repeat`` (how many earlier ones its architecture has), ``score``,
        ``predicted_score``, ``best_score`` so far, ``pool_size``,
        ``proposal_seconds`` (of the whole batch) and ``evaluation_seconds``. With several objectives:
        ``score_0``, ``score_1`` and so on, likewise the predicted ones, instead of ``score`` and the best
        score. Costs have columns of their names. Where there is a front, ``on_front`` tells whether no other
        evaluation dominates it.
    results_ : pandas.DataFrame
        The evaluations in readable form, best first: ``rank``, the score or scores, the costs,
        ``evaluation``, ``iteration``, ``repeat``, ``architecture`` in one line of text, and the parameters of
        the space, where it has some, such as the layers of a chain. With several objectives, or with costs,
        the rank is the number of the front.
    details_ : list
        What the objective returned beside the scores, in the order of ``history_``; None where nothing.
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
        "n_initial": [Interval(Integral, 1, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "random_state": [
            Interval(Integral, 0, None, closed="left"),
            np.random.RandomState,
            np.random.Generator,
            None,
        ],
        "costs": [Mapping, None],
        "reference": [Mapping, None],
        "features": [Mapping, None],
        "prior": [Sequence, None],
    }

    def __init__(
        self,
        space: SearchSpace,
        predictor: Any = None,
        candidates: Any = None,
        n_initial: int | None = None,
        batch_size: int = 4,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        costs: Mapping[str, Cost] | None = None,
        features: Features | None = None,
        prior: Prior | None = None,
        reference: Mapping[str, float] | None = None,
    ) -> None:
        self.space = space
        self.predictor = predictor
        self.candidates = candidates
        self.n_initial = n_initial
        self.batch_size = batch_size
        self.random_state = random_state
        self.costs = costs
        self.reference = reference
        self.features = features
        self.prior = prior

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
        rows = self._begin().ask(n)
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
            Their scores, higher is better. The first ones that are given fix the number of objectives. NaN or
            infinite: the evaluation failed; it counts as one, is not learned from and not proposed again.

        Raises
        ------
        ValueError
            Where the shapes do not agree or a row is not valid; nothing is added then.
        """
        state = self._begin()
        rows = np.asarray(X)
        try:
            scores = as_real(y)
        except (TypeError, ValueError) as error:
            raise ValueError(f"y holds what is no real number ({error}); pass one score per row") from None
        if scores.ndim not in (1, 2) or len(scores) != len(rows) or scores.shape[1:] == (0,):
            raise ValueError(
                f"y has shape {scores.shape} for {len(rows)} rows of X; pass one score per row, or a row of "
                f"scores"
            )
        scores = state.archive.as_scores(scores)
        invalid = np.flatnonzero(~self.space.is_valid(rows))
        if len(invalid):
            raise ValueError(
                f"row {invalid[0]} of X is not a valid architecture of {self.space!r}; "
                f"tell only rows that ask() returned or space.encode made"
            )
        if failed := np.count_nonzero(~np.isfinite(scores).all(axis=1)):
            warnings.warn(
                f"the scores of {failed} of {len(scores)} architectures are NaN or infinite; they count as "
                f"failed evaluations: not learned from, not proposed again",
                UserWarning,
                stacklevel=2,
            )
        state.tell(rows, scores, np.full(len(rows), np.nan))
        return self

    # -------------------------------------------------------------------------------------- the loop

    def run(
        self,
        objective: Callable[..., Any],
        n_evaluations: int,
        n_jobs: int | None = None,
        callbacks: Sequence[Callback] = (),
        checkpoint: str | os.PathLike[str] | None = None,
        vectorized: bool | None = None,
        progress: bool = False,
        asynchronous: bool = False,
        timeout: float | None = None,
        max_seconds: float | None = None,
        name: str | None = None,
        n_finalists: int | Literal["auto"] | None = None,
        n_repeats: int | None = None,
        executor: Executor | None = None,
        devices: Sequence[int | str] | None = None,
    ) -> PredictorBasedSearch:
        """Evaluate architectures until there are ``n_evaluations`` observed scores, earlier ones included.

        Parameters
        ----------
        objective : callable
            Takes one decoded architecture and returns its score, higher is better; or several scores, always
            as many; or either with details to keep, as :class:`~skpbnas.search.Scored`. One that takes
            ``seed``, too, is given 0 for the first evaluation of an architecture, and 1, 2, ... for the next
            ones.
        n_evaluations : int
            The budget, initial and failed evaluations included.
        n_jobs : int or None, default=None
            Architectures evaluated at the same time, by joblib's current backend: processes of this machine
            (``loky``), threads (``threading``), or the workers of a Dask cluster (``dask``). -1 is as many as
            there are. None is as many as the executor has workers, or as there are devices; without either it
            is left to ``joblib.parallel_config``, and one where that says nothing.
        callbacks : sequence of callable, default=()
            Called with the search after every batch, or after every evaluation where ``asynchronous``; one
            that returns True ends the run.
        checkpoint : path, default=None
            SQLite file that every evaluation is saved to before the next one begins. Where it exists, the
            search continues from it, as if it had never been interrupted. It has one writer at a time, and
            knows the space, the predictor, the pool, the sizes, the seed and the objective: a search that
            differs in any is refused. :func:`~skpbnas.search.read_checkpoint` reads it at any time.
        vectorized : bool, default=None
            Whether the objective takes a batch of rows and returns the scores of each. None reads
            ``objective.vectorized``, as the objectives of a ``TabularBenchmark`` have it, else False.
        progress : bool, default=False
            Whether to show a progress bar.
        asynchronous : bool, default=False
            Whether to propose one architecture as soon as a worker is free, instead of a batch when all are:
            no worker waits for the slowest. What is under way is not proposed again. With more than one
            worker the search then depends on which evaluation finishes first.
        timeout : float, default=None
            Seconds that an evaluation may take. Then its worker is ended, and the evaluation has failed. It
            needs processes, Dask or Ray; with ``n_jobs=1`` one process is started.
        max_seconds : float, default=None
            Seconds that the search may run in all, earlier runs included, also those before it was resumed
            from a checkpoint. Then no evaluation begins any more; what is under way is ended, on processes,
            Dask, Ray and jobs of submitit, and evaluated first when the search goes on.
        name : str, default=None
            What the checkpoint calls the objective. None is its qualified name, or the table and the column.
        n_finalists : int, "auto" or None, default=None
            For noisy objectives: how many of the best architectures take part in the finals, the end of the
            budget, which evaluates them again so that ``recommended_architecture_`` is not the luckiest one.
            In the finals each evaluation goes to the one whose next score is expected to raise the
            recommended score most. None is no finals, "auto" is 20 finalists. Where repeats return equal
            scores, there is no noise, and the rest of the budget goes to new architectures.
        n_repeats : int, default=None
            How many evaluations of the budget the finals have. None is a fifth.
        executor : concurrent.futures.Executor, default=None
            Evaluates instead of joblib's backend: a pool of ``concurrent.futures`` or ``loky``, an
            ``MPIPoolExecutor``, ``client.get_executor()`` of Dask, a :class:`~skpbnas.search.RayExecutor`, or
            an executor of submitit. It is used as it is, and never shut down.
        devices : sequence of int or str, default=None
            GPUs of each host, by number or identifier; each training has one of its own, in
            ``CUDA_VISIBLE_DEVICES`` of its process, and :func:`~skpbnas.search.current_device` tells the
            objective. ``[0, 0, 1, 1]`` lets two trainings share each. Ray and SLURM give out theirs without.

        Returns
        -------
        self : PredictorBasedSearch

        Raises
        ------
        CheckpointError
            Where the checkpoint is damaged, in use by another process, or of a search that differs; it is
            left as it is.
        Exception
            What the objective raised, or a ValueError where it returned another number of scores than
            before, after everything else in its batch was observed. Running again evaluates what is still
            pending first.
        RuntimeError
            Where workers die whatever they evaluate, or the executor takes nothing any more or swallows
            exceptions.
        TypeError
            Where the executor is none.
        ValueError
            Where the executor was shut down or its workers cannot be counted, the devices are fewer than the
            trainings at the same time, or a ``timeout`` is not possible with what evaluates.

        Warns
        -----
        UserWarning
            Where a worker died, exited or was ended, or a score is not finite: the evaluation has failed, and
            the search goes on. What a worker was at when it died is evaluated once more before it has failed.
            Also where the budget is smaller than what has been evaluated already.
        """
        if not callable(objective):
            raise TypeError(
                f"objective={objective!r} is not callable; give a function that takes one architecture and "
                f"returns its score"
            )
        finalists = _finals(n_evaluations, n_finalists, n_repeats)
        if self.costs and finalists.n_repeats:
            raise ValueError(
                "n_finalists needs one objective and no costs; with a front there is no single best"
            )
        state = self._begin()
        _require_positive(timeout=timeout, max_seconds=max_seconds)
        if vectorized is None:
            vectorized = bool(getattr(objective, "vectorized", False))
        if vectorized and not (executor is None and devices is None):
            raise ValueError(
                "a vectorized objective runs in this process, without executor= and devices=; pass "
                "vectorized=False for one that takes architectures"
            )
        engine = Engine(n_jobs, executor, devices)
        with state.running(checkpoint, describe(objective) if name is None else name):
            if n_evaluations < state.archive.n_told:
                warnings.warn(
                    f"n_evaluations={n_evaluations}, and {state.archive.n_told} have been made already; "
                    f"nothing is evaluated",
                    UserWarning,
                    stacklevel=2,
                )
            deadline = None if max_seconds is None else monotonic() + max_seconds - state.seconds
            unit = "cell" if isinstance(self.space, CellSpace) else "architecture"
            with tqdm(
                total=n_evaluations, initial=state.archive.n_told, disable=not progress, unit=unit
            ) as bar:
                Loop(
                    state,
                    n_evaluations,
                    asynchronous,
                    lambda: any([callback(self) for callback in callbacks]),
                    bar,
                    Limits(timeout, deadline),
                    finalists,
                ).run(objective, engine, vectorized)
        return self

    def confirm(
        self,
        objective: Callable[..., Any],
        n_repeats: int,
        n_finalists: int | Literal["auto"] = "auto",
        **options: Any,
    ) -> PredictorBasedSearch:
        """Evaluate the best architectures of a finished search again, so that luck is not recommended.

        Parameters
        ----------
        objective : callable
        n_repeats : int
            How many evaluations, beside those that have been made.
        n_finalists : int or "auto", default="auto"
        **options : Any
            ``checkpoint`` and all others of :meth:`run`.

        Returns
        -------
        self : PredictorBasedSearch
        """
        _require_positive(n_repeats=n_repeats)
        state, name = self._begin(), options.get("name")
        with state.running(options.get("checkpoint"), describe(objective) if name is None else name):
            n_evaluations = state.archive.n_told + n_repeats
        return self.run(objective, n_evaluations, n_finalists=n_finalists, n_repeats=n_repeats, **options)

    # --------------------------------------------------------------------------------------- inside

    def _begin(self) -> SearchState:
        """Return the state, set up on first use."""
        if not hasattr(self, "_state"):
            self._validate_params()
            self._state = SearchState(
                self.space,
                self.predictor,
                self.candidates,
                self.n_initial,
                self.batch_size,
                _seed(self.random_state),
                self.costs,
                self.features,
                self.prior,
                self.reference,
            )
        return self._state


def _seed(random_state: Any) -> int | None:
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31))
    return random_state


def _require_positive(**numbers: float | None) -> None:
    for name, number in numbers.items():
        if number is not None and not number > 0:
            raise ValueError(f"{name}={number!r} is not allowed; give a number above 0")


def _finals(n_evaluations: int, n_finalists: Any, n_repeats: int | None) -> Finalists:
    if not isinstance(n_evaluations, Integral):
        raise TypeError(f"n_evaluations={n_evaluations!r} is not allowed; give a whole number")
    _require_positive(n_evaluations=n_evaluations, n_repeats=n_repeats)
    if n_finalists is None:
        if n_repeats is not None:
            raise ValueError(f"n_repeats={n_repeats!r} needs n_finalists; give a number from 2, or 'auto'")
        return Finalists()
    if n_finalists != "auto" and not (isinstance(n_finalists, int) and n_finalists > 1):
        raise ValueError(f"n_finalists={n_finalists!r} is not allowed; give a number from 2, 'auto' or None")
    repeats = round(SHARE_OF_REPEATS * n_evaluations) if n_repeats is None else n_repeats
    if n_repeats is not None and n_repeats >= n_evaluations - 1:
        raise ValueError(
            f"n_repeats={repeats} leaves nothing to repeat of n_evaluations={n_evaluations}; raise the budget"
        )
    return Finalists(N_FINALISTS if n_finalists == "auto" else int(n_finalists), repeats)
