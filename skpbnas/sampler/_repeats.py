"""Noisy studies: which trials to repeat, and which architecture to recommend."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from ..search import Recommendation
from ..search._archive import Archive
from ..search._recommend import N_FINALISTS, recommend, to_repeat
from ..spaces import Rows, SearchSpace
from ._recognition import space_of
from ._structure import StructureReader


def enqueue_repeats(
    study: Study, n: int, space: SearchSpace | None = None, n_finalists: int = N_FINALISTS
) -> int:
    """Have the next trials of a noisy study repeat its best architectures, whichever worker runs them.

    Each repeat goes to the architecture whose next value is expected to raise the recommended one most, as in
    the finals of :meth:`PredictorBasedSearch.run <skpbnas.PredictorBasedSearch.run>`. Trials that run or wait
    are taken into account, so that several workers may call it. The trial's user attribute ``"repeat"``
    tells the objective how many earlier trials its architecture has: a seed for its training.

    Parameters
    ----------
    study : optuna.study.Study
        Of one objective, in any storage, with any sampler.
    n : int
        How many trials to add to the queue.
    space : SearchSpace, default=None
        What the parameters mean. None reads it from those that all complete trials have in common.
    n_finalists : int, default=20
        How many of the best architectures take part.

    Returns
    -------
    int
        How many trials were added; 0 where earlier repeats were all equal: there is no noise.

    Raises
    ------
    ValueError
        Where there are several objectives, or no complete trial.

    Examples
    --------
    >>> import optuna
    >>> from skpbnas import CellSpace, PBNASSampler
    >>> from skpbnas.sampler import enqueue_repeats, recommend_architecture
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> space = CellSpace(5, ["conv", "pool"])
    >>> def objective(trial):
    ...     cell = space.suggest(trial)
    ...     seed = [trial.user_attrs.get("repeat", 0), *cell.adjacency.sum(axis=0)]
    ...     return cell.operations.count("conv") + np.random.default_rng(seed).normal()
    >>> study = optuna.create_study(direction="maximize", sampler=PBNASSampler(space, seed=0))
    >>> study.optimize(objective, n_trials=20)
    >>> enqueue_repeats(study, 5, space)
    5
    >>> study.optimize(objective, n_trials=5)
    >>> recommend_architecture(study, space).n_evaluations > 1
    True
    """
    archive, space = _archive(study, space)
    observed = archive.observed()
    waiting = archive.keys[~archive.told]
    under_way = (space.canonical_key(observed.rows)[:, None] == waiting).sum(axis=1)
    rows = to_repeat(space, observed, under_way, n, n_finalists)
    counts = archive.add(rows)
    for row, repeat in zip(rows, archive.repeats[counts].tolist(), strict=True):
        study.enqueue_trial(space.row_to_params(row), user_attrs={"repeat": repeat})
    return len(rows)


def recommend_architecture(study: Study, space: SearchSpace | None = None) -> Recommendation:
    """Return the architecture of a noisy study with the best expected true value.

    Parameters
    ----------
    study : optuna.study.Study
        Of one objective.
    space : SearchSpace, default=None
        What the parameters mean. None reads it from those that all complete trials have in common.

    Returns
    -------
    Recommendation
        On the scale of the study's values: where it minimises, the lowest is the best.

    Raises
    ------
    ValueError
        Where there are several objectives, or no complete trial.
    """
    archive, space = _archive(study, space)
    found = recommend(space, archive.observed())
    sign = _sign(study)
    low, high = sorted(sign * end for end in found.interval)
    return found._replace(score=sign * found.score, interval=(low, high))


def _sign(study: Study) -> float:
    return 1.0 if study.direction == StudyDirection.MAXIMIZE else -1.0


def _archive(study: Study, space: SearchSpace | None) -> tuple[Archive, SearchSpace]:
    """Return the complete trials of a study as evaluations, and those that run or wait as pending ones."""
    if len(study.directions) > 1:
        raise ValueError(
            f"the study has {len(study.directions)} objectives; repeats and recommendations need one"
        )
    trials = study.get_trials(deepcopy=False)
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if space is None:
        structure = StructureReader(TrialState.COMPLETE).read(trials)
        space = space_of(structure) if structure.domains else None
    if not complete or space is None:
        raise ValueError("the study has no complete trial with parameters to repeat; optimize it first")
    archive = Archive(space)
    rows, done = _rows(space, complete)
    values = np.array([_sign(study) * complete[k].values[0] for k in done])
    archive.record(rows, values[:, None], np.full(len(rows), np.nan))
    failed = _rows(space, [trial for trial in trials if trial.state == TrialState.FAIL])[0]
    archive.record(failed, np.full((len(failed), 1), np.nan), np.full(len(failed), np.nan))
    archive.add(_rows(space, [trial for trial in trials if not trial.state.is_finished()])[0])
    return archive, space


def _rows(space: SearchSpace, trials: list[FrozenTrial]) -> tuple[Rows, NDArray[np.intp]]:
    """Return the rows of trials, and which of them are architectures of the space."""
    rows: list[Any] = []
    places: list[int] = []
    for k, trial in enumerate(trials):
        params = trial.system_attrs.get("fixed_params", {}) | trial.params
        if not space.missing_parameters(params):
            rows.append(space.params_to_row(params))
            places.append(k)
    X = np.stack(rows) if rows else np.empty((0, space.n_features))
    valid = space.is_valid(X) if len(X) else np.zeros(0, bool)
    return X[valid], np.array(places, np.intp)[valid]
