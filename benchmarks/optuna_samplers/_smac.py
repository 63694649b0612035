"""SMAC3 as a sampler of Optuna: through its ask-and-tell, in the space that a problem's trials show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from skpbnas.sampler._structure import Structure, StructureReader

_N_SHOWN = 300  # random trials that show which parameters there are; they are not counted, nor told


def structure(objective: Any) -> Structure:
    """Return the parameters of a problem, and when it has them."""
    study = optuna.create_study(sampler=RandomSampler(seed=0))
    study.optimize(objective, n_trials=_N_SHOWN)
    return StructureReader(TrialState.COMPLETE).read(study.trials)


def configuration_space(shown: Structure, seed: int) -> Any:
    """Return a structure as a space of ConfigSpace."""
    from ConfigSpace import AndConjunction, ConfigurationSpace, InCondition

    space = ConfigurationSpace(seed=seed)
    space.add([_hyperparameter(name, domain) for name, domain in shown.domains.items()])
    for name, parents in shown.when.items():
        conditions = [InCondition(space[name], space[parent], values) for parent, values in parents.items()]
        space.add(conditions[0] if len(conditions) == 1 else AndConjunction(*conditions))
    return space


def _hyperparameter(name: str, domain: BaseDistribution) -> Any:
    from ConfigSpace import (
        CategoricalHyperparameter,
        UniformFloatHyperparameter,
        UniformIntegerHyperparameter,
    )

    if isinstance(domain, CategoricalDistribution):
        return CategoricalHyperparameter(name, domain.choices)
    kind = UniformIntegerHyperparameter if isinstance(domain, IntDistribution) else UniformFloatHyperparameter
    return kind(name, domain.low, domain.high, log=domain.log)  # type: ignore[attr-defined]


class SmacSampler(BaseSampler):
    """SMAC3's facade for hyperparameters, a random forest with the expected improvement.

    Parameters
    ----------
    objective : callable
        The problem, whose parameters are read from random trials.
    n_trials : int
        Of the study; SMAC3 draws a quarter of them, or less, at the start.
    seed : int
    """

    def __init__(self, objective: Any, n_trials: int, seed: int) -> None:
        from smac import HyperparameterOptimizationFacade, Scenario

        space = configuration_space(structure(objective), seed)
        scenario = Scenario(
            space, deterministic=True, n_trials=n_trials, seed=seed, output_directory=_folder()
        )
        self._smac = HyperparameterOptimizationFacade(
            scenario, lambda config, seed: 0.0, overwrite=True, logging_level=50
        )
        self._asked: Any = None

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Ask for all parameters of the trial, which are then handed out one by one."""
        self._asked = self._smac.ask()
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return what was asked for."""
        value = self._asked.config[param_name]
        return value.item() if hasattr(value, "item") else value

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Tell the value."""
        from smac.runhistory.dataclasses import TrialValue

        assert values is not None
        self._smac.tell(self._asked, TrialValue(cost=-values[0]))


def _folder() -> Any:
    from pathlib import Path
    from tempfile import mkdtemp

    return Path(mkdtemp())
