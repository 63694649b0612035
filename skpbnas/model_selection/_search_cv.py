"""``ArchitectureSearchCV``: a predictor-based search with the interface of ``GridSearchCV``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from copy import deepcopy
from numbers import Integral, Real
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._validation import _insert_error_scores, _warn_or_raise_about_fit_failures
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _check_method_params, indexable

from ..spaces import SearchSpace
from ._assignment import Assignment
from ._folds import Folds, combined

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

    from ..search import PredictorBasedSearch

_N_INITIAL = 4  # trainings, all of which fail, that tell that something else is wrong than the architectures


class ArchitectureSearchCV(BaseSearchCV):
    """Search for the architecture of an estimator by cross-validation, led by a predictor.

    It fits where ``GridSearchCV`` fits: in pipelines, in ``cross_val_score``, with ``scoring``, ``cv``,
    ``groups``, ``sample_weight`` and routed metadata. The architectures that it trains are chosen by
    :class:`~skpbnas.search.PredictorBasedSearch`, each from what the earlier ones scored.

    Parameters
    ----------
    estimator : estimator
        Any estimator of scikit-learn's kind: one of scikit-learn, a pipeline, a net of skorch. With
        ``scoring=None`` it has a method ``score``.
    space : SearchSpace or mapping
        What to choose, by names of parameters as ``estimator.set_params`` takes them: a mapping of names to
        spaces and to distributions of Optuna, ``{"hidden_layer_sizes": mlp_space(), "alpha":
        FloatDistribution(1e-5, 1, log=True)}``; or a space with named parts, a
        :class:`~skpbnas.spaces.ParameterSpace` or :class:`~skpbnas.spaces.ProductSpace`. A space that has
        named parts itself stands for ``name__part`` each. A layer of a chain that is left out is not in the
        tuple that the estimator gets.
    n_evaluations : int, default=50
        Architectures to evaluate, each by one training for every split. Where the space holds fewer, all.
    predictor, candidates, n_initial, batch_size, costs, features, prior, reference
        As :class:`~skpbnas.search.PredictorBasedSearch` has them. With ``costs`` the search is for the front
        of scores and costs, and ``best_index_`` is still the architecture with the best score, or the one
        that a function ``refit`` takes by the columns ``cost_{name}``.
    n_finalists : int, "auto" or None, default=None
        How many of the best are trained again by the last fifth of the budget, so that the luckiest training
        does not win; ``best_index_`` is the architecture with the highest expected true score then. Repeats
        take other seeds for every ``random_state`` of the estimator that is set.
    scoring : str, callable, list, tuple, dict or None, default=None
        Higher is better, as ``GridSearchCV`` has it. Of several metrics, the one that ``refit`` names is
        searched for; without a name, the front of all of them.
    cv : int, cross-validation generator, iterable or None, default=None
        The splits, the same for all architectures; None is 5 folds. A single split, such as
        ``ShuffleSplit(1)``, is one training for each architecture.
    refit : bool, str or callable, default=True
        Whether to train the best architecture on all data at the end; the name of a metric; or a function of
        ``cv_results_`` that returns the index of the best.
    n_jobs : int or None, default=None
        Architectures trained at the same time, on joblib's current backend: processes, threads, Dask. None
        is as many as there are devices, or as the executor has workers.
    executor : callable, default=None
        Returns what trains instead of joblib's backend, whenever ``fit`` is called, which shuts it down at
        its end: any executor that :meth:`PredictorBasedSearch.run <skpbnas.search.PredictorBasedSearch.run>`
        takes, such as :class:`~skpbnas.search.RayExecutor`, ``lambda: client.get_executor()`` of Dask, or
        ``partial(MPIPoolExecutor, 8)``. A function, since scikit-learn copies parameters, and an executor
        has no copies.
    devices : sequence of int or str, default=None
        GPUs of each host, one for each training at a time, as ``run`` takes them. The best architecture is
        trained in this process at the end, and sees all of them.
    asynchronous : bool, default=False
        Whether to choose the next architecture whenever a worker is free, instead of a batch when all are.
    timeout, max_seconds : float or None, default=None
        Seconds that an architecture may take with all its splits, in a process of its own; and the whole
        search.
    checkpoint : path or None, default=None
        A file that keeps every architecture as soon as it is evaluated; fitting again with the same data,
        estimator and settings goes on from it.
    progress : bool, default=False
        Whether to show a progress bar.
    verbose : int, default=0
        From 2 on, a line for every training, as ``GridSearchCV`` prints it.
    error_score : "raise" or float, default=nan
        The score of a split whose training or scoring raises: an architecture that cannot be built, too
        little memory, numbers that are no longer finite. NaN: the architecture counts as failed and is not
        learned from. Where all of the first architectures fail, the search stops with what they raised.
    return_train_score : bool, default=False
        Whether ``cv_results_`` has the scores on the training data.
    random_state : int, RandomState, Generator or None, default=None
        Of the search; that of the trainings is the estimator's.

    Attributes
    ----------
    cv_results_ : dict of arrays
        A line for each architecture, in the order in which they were proposed, with the columns of
        ``GridSearchCV``: ``params``, ``param_{name}`` (masked arrays), ``split{k}_test_{metric}``,
        ``mean_``, ``std_`` and ``rank_test_{metric}``, times; and ``iteration``, ``n_trainings`` (how often
        each split was trained, over which the scores are means), ``cost_{name}``.
    best_estimator_ : estimator
        Trained on all data; where ``refit`` is not False.
    best_params_ : dict
        The parameters of the best architecture.
    best_architecture_ : object
        The same as an architecture of the space, which ``space_.draw`` draws.
    best_score_ : float
        Its mean score over the splits; not where ``refit`` is a function.
    best_index_ : int
        Its line in ``cv_results_``.
    search_ : PredictorBasedSearch
        The search, with ``history_``, ``results_``, ``summary()``, ``pareto_front_``,
        ``recommendation_``, and for the plots.
    space_ : SearchSpace
        The space that was searched.
    scorer_, n_splits_, refit_time_, multimetric_, classes_, n_features_in_, feature_names_in_
        As ``GridSearchCV`` has them.

    Examples
    --------
    >>> from optuna.distributions import CategoricalDistribution, FloatDistribution
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skpbnas import ArchitectureSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {
    ...     "C": FloatDistribution(1e-3, 1e3, log=True),
    ...     "fit_intercept": CategoricalDistribution([True, False]),
    ... }
    >>> search = ArchitectureSearchCV(
    ...     LogisticRegression(max_iter=1000), space, n_evaluations=8, random_state=0
    ... )
    >>> print(f"{search.fit(X, y).best_score_:.1f}")
    1.0
    >>> sorted(search.best_params_)
    ['C', 'fit_intercept']
    """

    _parameter_constraints: dict = {
        **{
            name: constraint
            for name, constraint in BaseSearchCV._parameter_constraints.items()
            if name != "pre_dispatch"
        },
        "space": [SearchSpace, Mapping],
        "n_evaluations": [Interval(Integral, 1, None, closed="left")],
        "predictor": [HasMethods(["fit", "predict"]), StrOptions({"random"}), None],
        "candidates": [HasMethods(["fit", "sample"]), None],
        "n_initial": [Interval(Integral, 1, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "costs": [Mapping, None],
        "features": [Mapping, None],
        "prior": [Sequence, None],
        "reference": [Mapping, None],
        "n_finalists": [Interval(Integral, 2, None, closed="left"), StrOptions({"auto"}), None],
        "executor": [callable, None],
        "devices": [Sequence, None],
        "asynchronous": ["boolean"],
        "timeout": [Interval(Real, 0, None, closed="neither"), None],
        "max_seconds": [Interval(Real, 0, None, closed="neither"), None],
        "checkpoint": [str, os.PathLike, None],
        "progress": ["boolean"],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        estimator: Any,
        space: SearchSpace | Mapping[str, SearchSpace | BaseDistribution],
        *,
        n_evaluations: int = 50,
        predictor: Any = None,
        candidates: Any = None,
        n_initial: int | None = None,
        batch_size: int = 4,
        costs: Mapping[str, Any] | None = None,
        features: Mapping[str, Any] | None = None,
        prior: Sequence[Any] | None = None,
        reference: Mapping[str, float] | None = None,
        n_finalists: int | Literal["auto"] | None = None,
        scoring: Any = None,
        cv: Any = None,
        refit: Any = True,
        n_jobs: int | None = None,
        executor: Callable[[], Executor] | None = None,
        devices: Sequence[int | str] | None = None,
        asynchronous: bool = False,
        timeout: float | None = None,
        max_seconds: float | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        progress: bool = False,
        verbose: int = 0,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.space = space
        self.n_evaluations = n_evaluations
        self.predictor = predictor
        self.candidates = candidates
        self.n_initial = n_initial
        self.batch_size = batch_size
        self.costs = costs
        self.features = features
        self.prior = prior
        self.reference = reference
        self.n_finalists = n_finalists
        self.scoring = scoring
        self.cv = cv
        self.refit = refit
        self.n_jobs = n_jobs
        self.executor = executor
        self.devices = devices
        self.asynchronous = asynchronous
        self.timeout = timeout
        self.max_seconds = max_seconds
        self.checkpoint = checkpoint
        self.progress = progress
        self.verbose = verbose
        self.error_score = error_score
        self.return_train_score = return_train_score
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, **params: Any) -> ArchitectureSearchCV:
        """Search, and train the best architecture on all data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or whatever the estimator takes
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        **params : Any
            Of the estimator's ``fit``, the scorers and the splitter, such as ``sample_weight`` and
            ``groups``; what is as long as X is split with it.

        Returns
        -------
        self : ArchitectureSearchCV

        Raises
        ------
        ValueError
            Before any training: where the estimator lacks a parameter of the space, or the labels are of one
            class. After the first ones, where all of them fail.
        TypeError
            Where ``executor`` is an executor, or a function that returns none.
        CheckpointError
            Where the checkpoint is of another search, other data or another estimator.

        Warns
        -----
        FitFailedWarning
            Where the training of some architecture raised.
        """
        if isinstance(self.executor, Executor):
            raise TypeError(
                f"executor={self.executor!r} is an executor, of which scikit-learn's clone can make no copy; "
                f"give a function that returns a new one, such as functools.partial(ProcessPoolExecutor, 4)"
            )
        self._validate_params()
        scorers, metric = self._get_scorers()
        X, y = indexable(X, y)
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        splits = self._splits(X, y, routed.splitter.split)
        assignment = Assignment(deepcopy(self.space))  # spaces keep what they have computed
        assignment.check(self.estimator)
        options = {
            "scorer": scorers,
            "fit_params": routed.estimator.fit,
            "score_params": routed.scorer.score,
            "return_train_score": self.return_train_score,
            "error_score": self.error_score,
            "verbose": self.verbose,
        }
        self.space_ = assignment.space
        self.n_splits_ = len(splits)
        objective = Folds(clone(self.estimator), assignment, X, y, splits, self.refit, options)
        self.search_ = self._searched(objective)
        self.scorer_ = getattr(scorers, "_scorers", scorers)  # of several metrics, a dictionary
        self.cv_results_ = self._results(assignment)
        if self.multimetric_ and callable(self.scoring):
            metric = self.refit
        if self.refit or not self.multimetric_:
            self._choose(metric)
        if self.refit:
            self._refit(X, y, routed.estimator.fit)
        return self

    def _splits(self, X: Any, y: Any, split_params: Mapping[str, Any]) -> list[tuple[Any, Any]]:
        """Return the splits, where the labels allow to train on each."""
        classifies = is_classifier(self.estimator)
        if classifies and y is None:
            raise ValueError(
                f"{type(self.estimator).__name__} is a classifier and requires y to be passed, but the "
                f"target y is None; give the labels"
            )
        cv = check_cv(self.cv, y, classifier=classifies)
        n_splits = cv.get_n_splits(X, y, **split_params)
        classifies = classifies and type_of_target(y) in ("binary", "multiclass")
        if classifies and len(np.unique(y)) < 2:
            raise ValueError("y has one class only; a classifier needs labels of at least two classes")
        splits = list(cv.split(X, y, **split_params))
        if not splits:
            raise ValueError("No fits were performed. Was the CV iterator empty? cv= gives no split")
        if len(splits) != n_splits:
            raise ValueError(
                f"cv.split and cv.get_n_splits return inconsistent results. Expected {n_splits} splits, got "
                f"{len(splits)}"
            )
        return splits

    def _searched(self, objective: Folds) -> PredictorBasedSearch:
        from ..search import PredictorBasedSearch

        search = PredictorBasedSearch(
            objective.assignment.space,
            predictor=self.predictor,
            candidates=self.candidates,
            n_initial=self.n_initial,
            batch_size=self.batch_size,
            random_state=self.random_state,
            costs=self.costs,
            features=self.features,
            prior=self.prior,
            reference=self.reference,
        )
        with ExitStack() as opened:
            executor = None if self.executor is None else self.executor()
            if self.executor is not None and executor is None:
                raise TypeError("the function executor= returned None; it has to return an executor")
            if isinstance(executor, Executor):  # those of submitit have nothing to shut down
                opened.enter_context(executor)
            return search.run(
                objective,
                self.n_evaluations,
                n_jobs=self.n_jobs,
                callbacks=[self._stop_where_all_fail],
                checkpoint=self.checkpoint,
                name=None if self.checkpoint else "cross-validation",  # the data need not be read for a name
                progress=self.progress,
                asynchronous=self.asynchronous,
                timeout=self.timeout,
                max_seconds=self.max_seconds,
                n_finalists=self.n_finalists,
                executor=executor,
                devices=self.devices,
            )

    def _stop_where_all_fail(self, search: PredictorBasedSearch) -> None:
        trained = [folds for folds in search.details_ if folds is not None]
        if len(trained) < min(self.n_initial or _N_INITIAL, self.n_evaluations):
            return
        if all(fold["fit_error"] is not None for folds in trained for fold in folds):
            _warn_or_raise_about_fit_failures([fold for folds in trained for fold in folds], self.error_score)

    def _results(self, assignment: Assignment) -> dict[str, Any]:
        """Return ``cv_results_``: a line for each architecture."""
        search = self.search_
        details, history = search.details_, search.history_
        like = next((folds for folds in details if folds is not None), None)
        if like is None:
            raise ValueError(
                "No fits were performed: no training ended within the limits; raise timeout= or max_seconds="
            )
        firsts, of = _architectures(self.space_.canonical_key(search.evaluated_rows_))
        trainings = [[details[k] for k in np.flatnonzero(of == number)] for number in range(len(firsts))]
        out = [fold for folds in trainings for fold in combined(folds, like, self.error_score)]
        _warn_or_raise_about_fit_failures(out, self.error_score)
        if callable(self.scoring):
            _insert_error_scores(out, self.error_score)
        self.multimetric_ = any(isinstance(fold["test_scores"], dict) for fold in out)
        more: dict[str, Any] = {
            "iteration": history["iteration"].to_numpy()[firsts],
            "n_trainings": np.bincount(of),
            **{f"cost_{name}": history[name].to_numpy()[firsts] for name in self.costs or ()},
        }
        architectures = self.space_.decode(search.evaluated_rows_[firsts])
        results: dict[str, Any] = self._format_results(
            [assignment(architecture) for architecture in architectures], self.n_splits_, out, more
        )
        return results

    def _choose(self, metric: str) -> None:
        """Set what is best."""
        results, rows = self.cv_results_, self.search_.evaluated_rows_
        keys = self.space_.canonical_key(rows)
        firsts, of = _architectures(keys)
        if self.n_finalists is None or callable(self.refit):
            self.best_index_ = self._select_best_index(self.refit, metric, results)
        else:
            recommended = self.space_.canonical_key(self.search_.recommendation_.row[None])
            self.best_index_ = int(of[np.argmax(keys == recommended)])
        if not callable(self.refit):
            self.best_score_ = results[f"mean_test_{metric}"][self.best_index_]
        self.best_params_ = results["params"][self.best_index_]
        self.best_architecture_ = self.space_.decode(rows[firsts[self.best_index_]][None])[0]

    def _refit(self, X: Any, y: Any, fit_params: Mapping[str, Any]) -> None:
        best = clone(self.estimator).set_params(**clone(self.best_params_, safe=False))
        start = perf_counter()
        self.best_estimator_ = best.fit(X, **fit_params) if y is None else best.fit(X, y, **fit_params)
        self.refit_time_ = perf_counter() - start
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_


def _architectures(keys: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first evaluation of each architecture, in order, and the architecture of each evaluation."""
    _, firsts, of = np.unique(keys, return_index=True, return_inverse=True)
    return np.sort(firsts), np.argsort(np.argsort(firsts))[of]
