"""Earlier studies as earlier tasks: their trials as rows of the space at hand, matched by name."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.study import Study
from optuna.trial import FrozenTrial

from ..spaces import Rows, SearchSpace
from ._scores import scores


class EarlierStudy:
    """What finished trials of a study tell; read once, when it is made.

    Parameters
    ----------
    study : optuna.Study
        With one objective.
    name : str
        What errors call it.
    """

    def __init__(self, study: Study, name: str) -> None:
        if not isinstance(study, Study):
            raise TypeError(f"{name}={study!r} is not a study; give what optuna.load_study returns")
        if len(study.directions) > 1:
            raise ValueError(f"{name} has {len(study.directions)} objectives; give studies with one")
        trials = study.get_trials(deepcopy=False)
        values = scores(trials, study.directions)
        known = np.flatnonzero(np.isfinite(values))
        self.name = name
        self._trials: list[FrozenTrial] = [trials[k] for k in known]
        self._scores = values[known]

    def task(self, space: SearchSpace) -> tuple[Rows, NDArray[np.float64]]:
        """Return the rows and scores of the trials that are architectures of a space.

        A parameter that the study did not have is taken to be the first choice, or the smallest number; one
        that the space does not have is left out. Trials with a value that the space does not have are, too.

        Raises
        ------
        ValueError
            Where no trial is an architecture of the space.
        """
        domains = space.distributions()

        def completed(params: dict[str, Any]) -> dict[str, Any]:
            while missing := space.missing_parameters(params):
                params = params | {name: _first(domains[name]) for name in missing}
            return params

        rows, kept = [], []
        for k, trial in enumerate(self._trials):
            shared = {name: value for name, value in trial.params.items() if name in domains}
            with suppress(ValueError, TypeError):  # a value that the space does not have
                rows += [space.params_to_row(completed(shared))] if shared else []
                kept += [k] if shared else []
        X = np.stack(rows) if rows else np.empty((0, space.n_features))
        valid = space.is_valid(X)
        if not valid.any():
            raise ValueError(
                f"{self.name} has {len(self._trials)} finished trials, none of them an architecture of "
                f"{space!r}; parameters are matched by name, and the space has {list(domains)}"
            )
        return X[valid], self._scores[np.array(kept)[valid]]


def earlier_studies(studies: Sequence[Study] | None) -> list[EarlierStudy]:
    """Return what studies given to a sampler tell."""
    given: Any = studies or ()
    if isinstance(given, Study):
        raise TypeError("prior_studies is a study; give a list of studies")
    return [EarlierStudy(study, f"prior_studies[{k}]") for k, study in enumerate(given)]


def _first(domain: BaseDistribution) -> Any:
    if isinstance(domain, CategoricalDistribution):
        return domain.choices[0]
    return domain.low  # type: ignore[attr-defined]
