"""The parameters of an architecture in an Optuna objective."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import BaseTrial


def suggest_parameters(trial: BaseTrial, distributions: Mapping[str, BaseDistribution]) -> dict[str, Any]:
    """Suggest one parameter for each distribution, through Optuna's public methods."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    params: dict[str, Any] = {}
    for name, domain in distributions.items():
        if isinstance(domain, CategoricalDistribution):
            params[name] = trial.suggest_categorical(name, domain.choices)
        elif isinstance(domain, IntDistribution):
            params[name] = trial.suggest_int(name, domain.low, domain.high, step=domain.step, log=domain.log)
        elif isinstance(domain, FloatDistribution):
            params[name] = trial.suggest_float(
                name, domain.low, domain.high, step=domain.step, log=domain.log
            )
    return params


def refuse(trial: BaseTrial, space: object) -> NoReturn:
    """Report a trial whose parameters are no architecture as infeasible, and end it."""
    from optuna import TrialPruned

    if hasattr(trial, "set_constraint"):  # Optuna 5
        trial.set_constraint("architecture", 1.0)
    raise TrialPruned(f"the parameters are not a valid architecture of {space!r}")
