"""Spaces of ConfigSpace as spaces of parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._base import Rows, SearchSpace
from ._constrained_space import ConstrainedSpace

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

    from ._parameter_space import ParameterSpace

Way = dict[str, list[Any]]  # the values that parents must have
_MOST_VALUES = 1000  # of an integer that others depend on


def read_configspace(space: Any, cls: type[ParameterSpace]) -> SearchSpace:
    """Return the space of a ``ConfigurationSpace``; see :meth:`ParameterSpace.from_configspace`."""
    try:
        import ConfigSpace
    except ImportError as error:
        message = "ConfigSpace is not installed; run: pip install 'skpbnas[configspace]'"
        raise ImportError(message) from error
    if not isinstance(space, ConfigSpace.ConfigurationSpace):
        raise TypeError(f"space={space!r} is no ConfigurationSpace")
    distributions = {parameter.name: _distribution(parameter) for parameter in space.values()}
    when: dict[str, list[Way]] = {}
    conditions: Any = space.conditions
    for condition in conditions:
        child = condition.child
        ways = _ways(condition)
        when[child.name] = _both(when[child.name], ways) if child.name in when else ways
    parameters = cls(distributions, when)
    clauses = list(space.forbidden_clauses)
    if not clauses:
        return parameters
    return ConstrainedSpace(parameters, _NotForbidden(parameters, clauses), " and ".join(map(str, clauses)))


def _distribution(parameter: Any) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    kind = type(parameter).__name__
    if kind == "UniformFloatHyperparameter":
        return FloatDistribution(float(parameter.lower), float(parameter.upper), log=bool(parameter.log))
    if kind == "UniformIntegerHyperparameter":
        return IntDistribution(int(parameter.lower), int(parameter.upper), log=bool(parameter.log))
    if kind == "Constant":
        return CategoricalDistribution([_plain(parameter.value)])
    if kind == "OrdinalHyperparameter":
        values = [_plain(value) for value in parameter.sequence]
        steps = set(np.diff(values)) if all(type(value) is int for value in values) else set()
        if len(steps) == 1 and min(steps) > 0:
            return IntDistribution(values[0], values[-1], step=int(min(steps)))
        return CategoricalDistribution(values)
    if kind == "CategoricalHyperparameter":
        if len(set(np.asarray(parameter.probabilities).tolist())) > 1:
            raise _without_counterpart(parameter.name, "weights of choices")
        return CategoricalDistribution([_plain(value) for value in parameter.choices])
    raise _without_counterpart(parameter.name, f"a {kind}, whose values are not equally likely,")


def _without_counterpart(name: str, feature: str) -> ValueError:
    return ValueError(
        f"parameter {name!r} of the ConfigurationSpace has {feature} which a ParameterSpace has not; give it "
        f"a uniform distribution"
    )


def _ways(condition: Any) -> list[Way]:
    """Return the ways in which a condition holds, each as the values that parents must have."""
    kind = type(condition).__name__
    if kind == "OrConjunction":
        return [way for part in condition.components for way in _ways(part)]
    if kind == "AndConjunction":
        ways = _ways(condition.components[0])
        for part in condition.components[1:]:
            ways = _both(ways, _ways(part))
        return ways
    parent = condition.parent
    values = [
        value for value in _values(parent, condition) if condition.satisfied_by_value({parent.name: value})
    ]
    return [{parent.name: [_plain(value) for value in values]}]


def _values(parent: Any, condition: Any) -> Sequence[Any]:
    for name in ("choices", "sequence"):
        if hasattr(parent, name):
            return list(getattr(parent, name))
    if type(parent).__name__ == "Constant":
        return [parent.value]
    if type(parent).__name__ == "UniformIntegerHyperparameter" and parent.size <= _MOST_VALUES:
        return range(int(parent.lower), int(parent.upper) + 1)
    raise ValueError(
        f"the condition {condition} of the ConfigurationSpace depends on a number with too many values to be "
        f"listed, which when= cannot say; let it depend on a category, or on an integer with up to "
        f"{_MOST_VALUES} values"
    )


def _both(first: list[Way], second: list[Way]) -> list[Way]:
    """Return the ways in which both of two conditions hold."""
    joined = []
    for one, other in product(first, second):
        shared = {name: [value for value in one[name] if value in other[name]] for name in one.keys() & other}
        joined.append(one | other | shared)
    return joined


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


class _NotForbidden:
    """Tells which rows meet none of the forbidden clauses."""

    def __init__(self, space: ParameterSpace, clauses: Sequence[Any]) -> None:
        self._space, self._clauses = space, clauses

    def __call__(self, X: Rows) -> NDArray[np.bool_]:
        return np.array([self._is_allowed(params) for params in self._space.decode(X)], bool)

    def _is_allowed(self, params: Mapping[str, Any]) -> bool:
        return not any(clause.is_forbidden_value(params) for clause in self._clauses)
