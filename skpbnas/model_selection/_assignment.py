"""Which parameters of an estimator an architecture stands for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.base import clone

from ..spaces import ParameterSpace, ProductSpace, SearchSpace

_DISTRIBUTIONS = "other parameters"  # the part of a product that they are; no parameter is called so
_N_TRIED = 8  # architectures set before the first training


class Assignment:
    """How an architecture becomes parameters of an estimator.

    Parameters
    ----------
    space : SearchSpace or mapping
        One whose architectures are dictionaries: their names are names of parameters. Or a mapping of names
        of parameters to spaces, and to distributions of Optuna.

    Attributes
    ----------
    space : SearchSpace
        The space to search in.

    Raises
    ------
    TypeError
        Where an architecture has no named parts, so that nothing says which parameter it is.
    """

    def __init__(self, space: Any) -> None:
        self._name: str | None = None
        self.space = space if isinstance(space, SearchSpace) else self._combined(space)
        if self._name is None:
            architecture = self.space.decode(self.space.sample(1, np.random.default_rng(0)))[0]
            if not isinstance(architecture, Mapping):
                raise TypeError(
                    f"space={space!r} has architectures such as {architecture!r}, and nothing says which "
                    f"parameter of the estimator takes them; give space={{'the_parameter': space}}"
                )

    def _combined(self, named: Any) -> SearchSpace:
        from optuna.distributions import BaseDistribution

        if not isinstance(named, Mapping) or not named:
            raise TypeError(
                f"space={named!r} is not allowed; give a SearchSpace, or a mapping of names of parameters to "
                f"spaces and distributions of Optuna"
            )
        spaces = {name: part for name, part in named.items() if isinstance(part, SearchSpace)}
        others = {name: part for name, part in named.items() if name not in spaces}
        for name, part in others.items():
            if not isinstance(part, BaseDistribution):
                raise TypeError(
                    f"space[{name!r}]={part!r} is not allowed; give a SearchSpace, or a distribution of "
                    f"Optuna, such as CategoricalDistribution([...])"
                )
        if not spaces:
            return ParameterSpace(others)
        if len(named) == 1:
            (self._name,) = spaces
            return spaces[self._name]
        return ProductSpace({**spaces, _DISTRIBUTIONS: ParameterSpace(others)} if others else spaces)

    def __call__(self, architecture: Any) -> dict[str, Any]:
        """Return the parameters that stand for an architecture."""
        if self._name is not None:
            return dict(_flat({self._name: architecture}))
        named = dict(architecture)
        others = named.pop(_DISTRIBUTIONS, {})
        return dict(_flat({**named, **others}))

    def check(self, estimator: Any) -> None:
        """Set some architectures, so that a name which the estimator lacks is told before any training.

        Raises
        ------
        ValueError
            Where it lacks a parameter, or two parts stand for the same one.
        """
        rows = self.space.sample(_N_TRIED, np.random.default_rng(0))
        for architecture in self.space.decode(rows):
            parameters = self(architecture)
            try:
                clone(estimator).set_params(**clone(parameters, safe=False))
            except (ValueError, TypeError, AttributeError) as error:
                raise ValueError(
                    f"the space does not fit the estimator, which does not take the parameters "
                    f"{sorted(parameters)}: {error}"
                ) from error


def _flat(named: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield names and values; the parts of a part are its parameters, ``part__name``."""
    pairs = list(_pairs(named))
    twice = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
    if twice:
        raise ValueError(f"two parts of the space stand for the parameter {twice[0]!r}; rename one")
    yield from pairs


def _pairs(named: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in named.items():
        if isinstance(value, Mapping):
            yield from _pairs(value, f"{prefix}{name}__")
        elif type(value) is tuple:  # a chain: a layer that is left out is not there
            yield f"{prefix}{name}", tuple(layer for layer in value if layer is not None)
        else:
            yield f"{prefix}{name}", value
