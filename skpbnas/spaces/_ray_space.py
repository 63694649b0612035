"""Spaces of Ray Tune as distributions of Optuna. Ray itself is not imported: its objects say all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


def read_ray(space: Mapping[str, Any]) -> dict[str, BaseDistribution]:
    """Return the distributions of a ``param_space``; see :meth:`ParameterSpace.from_ray`."""
    from optuna.distributions import CategoricalDistribution

    if not isinstance(space, Mapping):
        raise TypeError(f"space={space!r} is no dictionary, as tune.Tuner takes for param_space")
    found: dict[str, BaseDistribution] = {}
    for name, domain in space.items():
        if isinstance(domain, Mapping) and set(domain) == {"grid_search"}:
            found[name] = CategoricalDistribution(list(domain["grid_search"]))
        elif isinstance(domain, Mapping):
            found |= {f"{name}/{inner}": value for inner, value in read_ray(domain).items()}
        elif hasattr(domain, "get_sampler"):
            found[name] = _distribution(name, domain)
        else:
            found[name] = CategoricalDistribution([domain])
    return found


def _distribution(name: str, domain: Any) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    kind, sampler, step = type(domain).__name__, domain.get_sampler(), None
    if type(sampler).__name__ == "Quantized":
        step, sampler = sampler.q, sampler.get_sampler()
    scale = type(sampler).__name__.lstrip("_")
    if kind == "Categorical" and scale == "Uniform":
        return CategoricalDistribution(list(domain.categories))
    log = scale == "LogUniform"
    if scale in ("Uniform", "LogUniform") and not (log and step not in (None, 1)):
        if kind == "Float":
            return FloatDistribution(domain.lower, domain.upper, log=log, step=step)
        if kind == "Integer":  # the upper end of Ray's integers is no value, but where they are quantized
            upper = domain.upper - (step is None or step == 1)
            return IntDistribution(domain.lower, upper, log=log, step=1 if step is None else int(step))
    steps = "" if step is None else f" in steps of {step}"
    raise ValueError(
        f"param_space[{name!r}] is a {kind} drawn by {scale}{steps}, which a ParameterSpace has not; give "
        f"tune.uniform, loguniform, quniform, randint, lograndint, qrandint, choice or grid_search"
    )
