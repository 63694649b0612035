"""Which parts of a product are there, given the parameters of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._axes import Axis
from ._base import Rows, SearchSpace
from ._conditions import ABSENT, Conditions, When
from ._constrained_space import ConstrainedSpace
from ._parameter_space import ParameterSpace

Here = NDArray[np.bool_]  # (n, n_parts)


class OptionalParts:
    """The conditions of the parts of a product.

    Parameters
    ----------
    spaces : mapping of str to SearchSpace
    when : mapping
        As :class:`~skpbnas.spaces.ProductSpace` takes it.
    """

    def __init__(self, spaces: Mapping[str, SearchSpace], when: When) -> None:
        from optuna.distributions import IntDistribution

        unknown = [name for name in when if name not in spaces]
        if unknown:
            raise ValueError(f"when[{unknown[0]!r}]: there is no such part; there are {list(spaces)}")
        self._spaces, self._tables = dict(spaces), _tables(spaces)
        axes = {name: Axis(IntDistribution(0, 0)) for name in spaces}  # a part has one value: to be there
        rules: dict[str, Any] = dict(when)
        for part, space in self._tables.items():
            for name, domain in space.distributions().items():
                axes[f"{part}.{name}"] = Axis(domain)
                ways = space.when.get(name, [{}])
                own = [{f"{part}.{parent}": values for parent, values in way.items()} for way in ways]
                rules[f"{part}.{name}"] = [{part: [0]} | way for way in own]
        self._axes, self._conditions = axes, Conditions(axes, rules)
        self._rows_of_absent = [space.sample(1, np.random.default_rng(0)) for space in spaces.values()]
        self.when = {name: self._conditions.when[name] for name in when}

    def here(self, parts: list[Rows]) -> Here:
        """Tell which parts are there, whatever the rows of the others are."""
        places = dict(zip(self._spaces, parts, strict=True))
        codes = [np.zeros((len(parts[0]), len(parts)), np.int64)]
        codes += [space.codes(places[name]) for name, space in self._tables.items()]
        return self._conditions.without_absent(np.concatenate(codes, axis=1))[:, : len(parts)] != ABSENT

    def filled(self, parts: list[Rows], here: Here) -> list[Rows]:
        """Return parts with a valid row where one is not there, so that methods of its space accept it."""
        rows = zip(parts, self._rows_of_absent, here.T, strict=True)
        return [np.where(there[:, None], part, absent) for part, absent, there in rows]

    def settled(self, parts: list[Rows], known: Here, rng: np.random.Generator) -> list[Rows]:
        """Draw the parts that are there, but whose rows are not known."""
        parts, known = list(parts), known.copy()
        while (new := self.here(parts) & ~known).any():  # what is drawn may bring another part
            for k, space in enumerate(self._spaces.values()):
                if new[:, k].any():
                    parts[k] = parts[k].copy()
                    parts[k][new[:, k]] = space.sample(int(new[:, k].sum()), rng)
            known |= new
        return parts

    def present(self, params: Mapping[str, Any]) -> tuple[list[str], list[str]]:
        """Return the parts that are there with Optuna's parameters, and which parameters are missing."""
        names, n_parts = list(self._axes), len(self._spaces)
        codes = np.full((1, len(names)), ABSENT)
        there, missing = [], []
        for k in self._conditions.order:
            if not self._conditions.holds(k, codes)[0]:
                continue
            name = names[k]
            if k < n_parts:
                codes[0, k] = 0
                there.append(name)
                if name not in self._tables:
                    own = inner(name, params)
                    missing += [f"{name}.{other}" for other in self._spaces[name].missing_parameters(own)]
            elif name in params:
                codes[0, k] = self._axes[name].code(name, params)
            else:
                missing.append(name)
        return there, missing


def inner(part: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a part by the names that its space has for them."""
    start = f"{part}."
    return {name.removeprefix(start): value for name, value in params.items() if name.startswith(start)}


def _tables(spaces: Mapping[str, SearchSpace]) -> dict[str, ParameterSpace]:
    """Return the parts that are parameters, also under a constraint."""
    found = {}
    for name, space in spaces.items():
        while isinstance(space, ConstrainedSpace):
            space = space.space
        if isinstance(space, ParameterSpace):
            found[name] = space
    return found
