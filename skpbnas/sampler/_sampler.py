"""Algorithm 1, driven by a study of Optuna."""

from __future__ import annotations

import threading
import warnings
import zlib
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, PartialFixedSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from .._for_space import for_space
from ..candidates import SpaceExhaustedWarning
from ..metrics import non_dominated_rank
from ..search import default_candidates, default_n_initial, default_predictor, propose
from ..search._costs import Cost, Costs, Reference
from ..search._features import Features
from ..search._known import Known, informed, refuse_for_random
from ..spaces import ParameterSpace, Rows, SearchSpace
from ..spaces._axes import Axis
from ._ledger import Ledger, only_valid
from ._notes import Domains, NoteReader, Params, fixed_params, to_note, write_note
from ._prior import earlier_studies
from ._recognition import recognise, space_of, without_refused_sizes
from ._scores import constraints, scores
from ._structure import Structure, StructureReader

_CONDITIONAL_POOL = 200  # of the best candidates, those tried with some parameters fixed
_BATCH, _MANY = 4, 100  # trials that a fit serves, and from how many trials on in a space of parameters
_MAX_ATTEMPTS = 20  # to find an architecture that no other worker takes at the same time


class _StudyCache:
    """What is known of one study of one storage; all of it can be read from there again."""

    def __init__(self) -> None:
        self.structures = [StructureReader(state) for state in (TrialState.COMPLETE, TrialState.PRUNED)]
        self.space: tuple[Structure, SearchSpace] | None = None  # what has been inferred from them
        self.notes = NoteReader()
        self.ledger: Ledger | None = None


class PBNASSampler(BaseSampler):
    """Sampler of Optuna that ranks architectures with a predictor.

    Every ``batch_size`` trials a predictor is fitted to the finished trials, a pool of candidates is drawn,
    and the best predicted of the pool are what the next trials try, whichever worker runs them. No
    architecture is tried twice, also where isomorphic graphs have different parameters, until all have been.

    Parameters
    ----------
    space : SearchSpace, default=None
        What the parameters mean; suggest them by ``space.suggest(trial)``. Then the first trial already is
        a valid architecture. None reads the space from the parameters of the trials: cells from parameters
        named ``edge_{k}`` and ``op_node_{i}``, like those of :class:`~skpbnas.CellSpace`, and otherwise a
        :class:`~skpbnas.spaces.ParameterSpace`, with what some trials lack, and when. Other parameters,
        such as those beside a cell, are drawn at random.
    predictor : estimator, "random" or None, default=None
        Ranks the pool; as in :class:`~skpbnas.PredictorBasedSearch`.
    candidates : candidate sampler, default=None
        Draws the pool; as in :class:`~skpbnas.PredictorBasedSearch`.
    batch_size : int, default=None
        K, the number of trials that one fit serves. None is 4; in a :class:`~skpbnas.spaces.ParameterSpace`
        1 up to the hundredth finished trial.
    n_startup_trials : int, default=None
        Number of trials to learn from before which architectures are drawn at random; of parameters so that
        they fill the space, the first one with all numbers in the middle of their ranges. 0 proposes a
        random batch first, and fits as soon as that is used up. None is 4, or 8 where there are costs; in a
        :class:`~skpbnas.spaces.ParameterSpace` it is one more than there are parameters, up to 10.
    seed : int, default=None
        The same number gives the same trials, as long as they finish in the same order. Draws for a trial
        depend on it and on the number of the trial only, so that workers may have the same seed.
    costs : mapping of str to callable, default=None
        What an architecture costs, by name; as in :class:`~skpbnas.PredictorBasedSearch`. The objective does
        not return them: they are minimised beside its values, and written to the trials as user attributes.
        They need ``space``. :meth:`pareto_front` returns the trials that no other dominates.
    reference : mapping of str to float, default=None
        The worst values and costs that count, as in :class:`~skpbnas.PredictorBasedSearch`: by the name of a
        cost, or ``"score"``, ``"score_0"`` and so on for the values of the objective.
    features : mapping of str to callable, default=None
        Label-free numbers that the predictor sees, too; as in :class:`~skpbnas.PredictorBasedSearch`.
    prior_studies : sequence of optuna.Study, default=None
        Earlier studies with one objective, such as on other data. The predictor uses their trials as far as
        those of this study say that they tell something. Parameters are matched by name: one that an earlier
        study did not have counts as the first choice, or the smallest number; one that this study does not
        have is left out, like trials with values that it does not have. They are read now and not again. Half
        of the first trials are their best ones.

    Notes
    -----
    The sampler keeps nothing that the storage does not hold: several workers, studies that are resumed and
    trials that are added by hand need nothing else. What it has chosen for a trial, and the rest of a batch,
    it writes to the trial's system attributes.

    Pruned trials rank below complete ones, by their last step and its value, and infeasible trials below
    both, by their violation. With several objectives each has a predictor of its own, and candidates are
    chosen by the expected improvement of the hypervolume (see :func:`~skpbnas.search.propose`). Failed trials
    are not learned from. Without ``space``, cells with as many edges as the study has refused are not
    proposed: those that failed, were pruned before they reported a value, or are infeasible, where no larger
    cell was accepted.

    Studies of several objectives cannot prune in Optuna. One of a single objective with ``costs=`` can, and
    there a pruned trial counts with the last value that it reported, which it had reached for its costs:
    pruners compare values alone, and a small architecture that was ended because larger ones are better is
    not worse than all of them.

    Examples
    --------
    >>> import optuna
    >>> from skpbnas import CellSpace, PBNASSampler
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> space = CellSpace(5, ["conv", "pool"])
    >>> def objective(trial):
    ...     cell = space.suggest(trial)
    ...     return cell.operations.count("conv")  # train it instead
    >>> study = optuna.create_study(direction="maximize", sampler=PBNASSampler(space, seed=0))
    >>> study.optimize(objective, n_trials=12)
    >>> study.best_value
    3.0
    """

    def __init__(
        self,
        space: SearchSpace | None = None,
        predictor: Any = None,
        candidates: Any = None,
        batch_size: int | None = None,
        n_startup_trials: int | None = None,
        seed: int | None = None,
        costs: Mapping[str, Cost] | None = None,
        reference: Mapping[str, float] | None = None,
        features: Features | None = None,
        prior_studies: Sequence[Study] | None = None,
    ) -> None:
        if not (space is None or isinstance(space, SearchSpace)):
            raise ValueError(
                f"space={space!r} is not allowed; give a SearchSpace, such as CellSpace, or None"
            )
        if costs and space is None:
            raise ValueError("costs= are functions of the rows of a space; give space=, too")
        for name, number, least in (("batch_size", batch_size, 1), ("n_startup_trials", n_startup_trials, 0)):
            if number is not None and number < least:
                raise ValueError(f"{name}={number} is not allowed; give a number from {least}")
        if isinstance(predictor, str) and predictor != "random":
            raise ValueError(f"predictor={predictor!r} is not allowed; give an estimator, 'random' or None")
        refuse_for_random(predictor, features=features, prior_studies=prior_studies)
        if space is not None:
            space.distributions()  # raises where it has no parameters
        self._space = space
        self._costs = None if space is None else Costs(space, costs or {})
        self._reference = Reference(reference or {}, [] if self._costs is None else self._costs.names)
        self._features = features
        self._earlier = earlier_studies(prior_studies)
        if space is not None:
            self._known_of(space)  # raises where a feature or a study does not fit
        self._predictor = predictor
        self._candidates = candidates
        self._batch_size = batch_size
        self._n_startup_trials = n_startup_trials
        self._has_seed = seed is not None
        self._seed = int(np.random.default_rng().integers(2**31)) if seed is None else seed
        self._forget()

    def _forget(self) -> None:
        self._lock = threading.RLock()
        self._caches: WeakKeyDictionary[Any, dict[int, _StudyCache]] = WeakKeyDictionary()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_lock", "_caches")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    # ------------------------------------------------------------------------------ Optuna's interface

    def reseed_rng(self) -> None:
        """Draw another seed where none was given. With one, trials differ by their number already."""
        if not self._has_seed:
            self._seed = int(np.random.default_rng().integers(2**31))

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the parameters of the space, or those of all complete (else pruned) trials."""
        with self._lock:
            domains = self._domains(study)
        return {name: domain for name, domain in domains.items() if not domain.single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Choose an architecture, and write into the storage which."""
        if not search_space:
            return {}
        if self._earlier and len(study.directions) > 1:
            raise ValueError(
                f"prior_studies have one objective, but this study has {len(study.directions)}; give none"
            )
        with self._lock:
            ledger = self._ledger(study, search_space)
            params = ledger.planned(trial)
            if not params:  # a retried trial tries what it was to try
                params = self._claim(study, trial, ledger)
        return {name: value for name, value in params.items() if name in search_space}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Draw a parameter that is not a part of the space; the first trial has numbers in the middle."""
        if trial.number == 0 and not isinstance(self._predictor, str):
            axis = Axis(param_distribution)
            if axis.has_middle:
                return axis.value(axis.middle)
        rng = np.random.default_rng([self._seed, trial.number, zlib.crc32(param_name.encode())])
        return _drawn(param_name, param_distribution, rng)

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Note the costs, and refuse a study whose trials do not have the parameters of the space."""
        if self._costs and self._space and not self._space.missing_parameters(trial.params):
            row = self._space.params_to_row(trial.params)[None]
            if self._space.is_valid(row)[0]:
                for name, cost in zip(self._costs.names, self._costs(row)[0].tolist(), strict=True):
                    study._storage.set_trial_user_attr(trial._trial_id, name, cost)
        if self._space is None or state != TrialState.COMPLETE:
            return
        missing = self._space.missing_parameters(trial.params)
        if missing:
            raise ValueError(
                f"trial {trial.number} has not suggested {missing} of space={self._space!r}; suggest all "
                f"parameters by space.suggest(trial), or give the sampler no space"
            )

    def pareto_front(self, study: Study) -> list[FrozenTrial]:
        """Return the complete trials that no other dominates, by their values and costs, in their order.

        Infeasible trials are left out.
        """
        names = self._costs.names if self._costs else []
        trials = [
            trial
            for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
            if all(name in trial.user_attrs for name in names)
            and all(value <= 0 for value in constraints(trial.system_attrs))
        ]
        if not trials:
            return []
        values = scores(trials, study.directions).reshape(len(trials), -1)
        costs = np.array([[trial.user_attrs[name] for name in names] for trial in trials])
        ranks = non_dominated_rank(np.concatenate([values, -costs.reshape(len(trials), -1)], axis=1))
        return [trial for trial, rank in zip(trials, ranks, strict=True) if rank == 0]

    # ------------------------------------------------------------------------------------ the study

    def _cache(self, study: Study) -> _StudyCache:
        return self._caches.setdefault(study._storage, {}).setdefault(study._study_id, _StudyCache())

    def _domains(self, study: Study) -> dict[str, BaseDistribution]:
        return self._space.distributions() if self._space is not None else self._structure(study).domains

    def _structure(self, study: Study) -> Structure:
        complete, pruned = self._cache(study).structures
        trials = _all_trials(study)
        found = complete.read(trials)
        return found if found.domains else pruned.read(trials)

    def _space_for(self, study: Study, search_space: Domains) -> SearchSpace:
        """Return the space that the search space is or is a part of."""
        if self._space is not None:
            return self._space
        structure = self._structure(study)
        is_part = any(n not in search_space and not d.single() for n, d in structure.domains.items())
        if not search_space.keys() <= structure.domains.keys() or is_part and not structure.when:
            return recognise(search_space)
        cache = self._cache(study)
        if cache.space is None or cache.space[0] != structure:
            cache.space = structure, space_of(structure)
        return cache.space[1]

    def _ledger(self, study: Study, search_space: Domains) -> Ledger:
        """Return the rows of all trials, in the space that the search space is or is a part of."""
        cache, space = self._cache(study), self._space_for(study, search_space)
        if cache.ledger is None or cache.ledger.space != space:
            cache.ledger = Ledger(space, self._space is not None, cache.notes, self._known_of(space))
        _refresh(cache.ledger, study)
        return cache.ledger

    def _known_of(self, space: SearchSpace) -> Known | None:
        return Known.of(space, self._features, [study.task(space) for study in self._earlier])

    # ------------------------------------------------------------------------------------- choosing

    def _claim(self, study: Study, trial: FrozenTrial, ledger: Ledger) -> Params:
        """Choose parameters that no other trial has, and note them.

        There is no lock between workers. Each writes down its choice and then looks at those of the others;
        of two that chose the same, at least the one that wrote later sees it, and chooses again.
        """
        fixed = {name: value for name, value in _fixed(study, trial).items() if name in ledger.domains}
        for attempt in range(_MAX_ATTEMPTS):
            rng = np.random.default_rng([self._seed, trial.number, attempt])
            taken = ledger.keys(but=trial.number)
            params = {} if fixed else self._from_batch(ledger, taken, rng if attempt else None)
            if not params:
                params = self._propose(study, trial, ledger, taken, fixed, rng)
            if not params:
                return self._repeated(ledger, rng)
            write_note(study._storage, trial._trial_id, "params", to_note(params, ledger.domains))
            _refresh(ledger, study)
            if fixed or not _key(ledger.space, params) & ledger.keys(but=trial.number):
                break
        return params

    def _from_batch(self, ledger: Ledger, taken: set[int], rng: np.random.Generator | None) -> Params:
        """Return the best of the latest batch that nobody has taken; with ``rng``, any of it."""
        batch, keys = only_valid(ledger.space, ledger.latest_batch())
        left = [params for params, key in zip(batch, keys.tolist(), strict=True) if key not in taken]
        if not left:
            return {}
        return left[0 if rng is None else rng.integers(len(left))]

    def _propose(
        self,
        study: Study,
        trial: FrozenTrial,
        ledger: Ledger,
        taken: set[int],
        fixed: Params,
        rng: np.random.Generator,
    ) -> Params:
        """Fit, draw a pool, write the batch for other trials, and return the best of it."""
        records = [r for r in ledger.records if r.row is not None and r.trial.number != trial.number]
        y = scores([record.trial for record in records], study.directions, front=bool(self._costs))
        learnable = ~np.isnan(y if y.ndim == 1 else y.sum(axis=1))
        X, space = ledger.rows(records), ledger.space
        is_startup = learnable.sum() < self._n_first(space)
        if self._space is None:
            space = without_refused_sizes(space, records)
        if is_startup:
            learnable[:] = False
        n = _CONDITIONAL_POOL if fixed else 1 if is_startup else self._n_of_a_fit(space, int(learnable.sum()))
        rows = self._ranked(space, ledger.known, X[learnable], y[learnable], X[~learnable], n, rng)
        if fixed:
            return _completed(space, rows, fixed, taken, rng)
        batch = [space.row_to_params(row) for row in rows]
        if len(batch) > 1:
            notes = [to_note(params, ledger.domains) for params in batch]
            note = {"number": trial.number, "params": notes}
            write_note(study._storage, trial._trial_id, "batch", note)
        return batch[0] if batch else {}

    def _n_first(self, space: SearchSpace) -> int:
        if self._n_startup_trials is None:
            return default_n_initial(space, bool(self._costs))
        return self._n_startup_trials

    def _n_of_a_fit(self, space: SearchSpace, n_trials: int) -> int:
        """Return how many trials a fit serves."""
        if self._batch_size is None:
            return 1 if isinstance(space, ParameterSpace) and n_trials < _MANY else _BATCH
        return self._batch_size

    def _ranked(
        self,
        space: SearchSpace,
        known: Known | None,
        X: Rows,
        y: Any,
        others: Rows,
        n: int,
        rng: np.random.Generator,
    ) -> Rows:
        """Return the best ``n`` rows of a pool that holds neither ``X`` nor ``others``, best first."""
        is_random = isinstance(self._predictor, str)
        chosen = default_predictor(space) if self._predictor is None else self._predictor
        predictor = None if is_random else informed(for_space(chosen, space, self._seed), known)
        n_objectives = y.reshape(len(y), -1).shape[1] if len(y) else None
        refines = n_objectives == 1 and not self._costs and hasattr(predictor, "with_pending")
        pool = default_candidates(space, refines) if self._candidates is None else self._candidates
        candidates = for_space(pool, space, self._seed)
        worst = self._reference.values(n_objectives)
        return propose(space, predictor, candidates, X, y, others, n, rng, self._costs, worst).rows

    def _repeated(self, ledger: Ledger, rng: np.random.Generator) -> Params:
        warnings.warn(
            "every architecture of the space has been tried; trials repeat architectures",
            SpaceExhaustedWarning,
            stacklevel=2,
        )
        return ledger.space.row_to_params(ledger.space.sample(1, rng)[0])


def _all_trials(study: Study) -> list[FrozenTrial]:
    # Not study.get_trials, which Hyperband restricts to a bracket.
    return study._storage.get_all_trials(study._study_id, deepcopy=False)


def _refresh(ledger: Ledger, study: Study) -> None:
    ledger.refresh(_all_trials(study))


def _fixed(study: Study, trial: FrozenTrial) -> Params:
    """Return the parameters that the trial will have whatever the sampler says."""
    fixed: Params = {}
    sampler = study.sampler
    while isinstance(sampler, PartialFixedSampler):
        fixed = sampler._fixed_params | fixed
        sampler = sampler._base_sampler
    return fixed | fixed_params(trial) | trial.params


def _key(space: SearchSpace, params: Params) -> set[int]:
    return {int(key) for key in only_valid(space, [params])[1]}


def _completed(
    space: SearchSpace, rows: Rows, fixed: Params, taken: set[int], rng: np.random.Generator
) -> Params:
    """Return the parameters of the best row that has the fixed ones, or becomes valid and new with them.

    What is there only with the fixed ones is drawn.
    """
    if not len(rows):
        return {}
    domains = space.distributions()
    found = [space.row_to_params(row) | fixed for row in rows]
    for params in found:
        while missing := space.missing_parameters(params):
            params |= {name: _drawn(name, domains[name], rng) for name in missing}
    batch, keys = only_valid(space, found)
    unchanged = set(space.canonical_key(rows).tolist())
    order = sorted(range(len(batch)), key=lambda k: (int(keys[k]) in taken, int(keys[k]) not in unchanged, k))
    return batch[order[0]] if order else {}


def _drawn(name: str, domain: BaseDistribution, rng: np.random.Generator) -> Any:
    space = ParameterSpace({name: domain})
    return space.decode(space.sample(1, rng))[0][name]
