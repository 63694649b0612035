"""Which parameters an architecture has, given the values of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._axes import Axis, Codes

# For each child the values of parents that it needs, or a list of such mappings, of which one is enough.
When = Mapping[str, Mapping[str, Any] | Sequence[Mapping[str, Any]]]

ABSENT = -1  # the number of the value of a parameter that is not there
_Clause = list[tuple[int, NDArray[np.bool_]]]  # places of parents, and which of their values are allowed


class Conditions:
    """The conditions of parameters on others.

    Parameters
    ----------
    axes : mapping of str to Axis
    when : mapping
        As :class:`~skpbnas.spaces.ParameterSpace` takes it.

    Attributes
    ----------
    when : dict of str to list
        The same, each as a list of dictionaries of lists.
    clauses : dict of int to list
        By the place of each parameter that is not always there, the ways in which it is.
    order : list of int
        The places of all parameters, parents before children, otherwise as given.
    """

    def __init__(self, axes: Mapping[str, Axis], when: When) -> None:
        self._names, self._axes = list(axes), list(axes.values())
        self._place = {name: k for k, name in enumerate(axes)}
        self.when = {child: _ways(child, given) for child, given in when.items()}
        self.clauses = {
            self._require(child, f"when[{child!r}]"): [self._clause(child, way) for way in ways]
            for child, ways in self.when.items()
        }
        self.order = self._sorted()

    def _require(self, name: str, where: str) -> int:
        if name not in self._place:
            raise ValueError(f"{where}: there is no parameter {name!r}; there are {self._names}")
        return self._place[name]

    def _clause(self, child: str, way: Mapping[str, Any]) -> _Clause:
        clause: _Clause = []
        for parent, values in way.items():
            place = self._require(parent, f"when[{child!r}]")
            axis = self._axes[place]
            if axis.is_continuous:
                raise ValueError(
                    f"when[{child!r}]: {parent!r} is a float without a step, whose values say nothing; "
                    f"give it a step, or add a category that tells on which side of a limit it is"
                )
            if not values:
                raise ValueError(f"when[{child!r}]: {parent} has no value with which it is there; give one")
            allowed = np.zeros(axis.size, bool)
            for value in values:
                try:
                    allowed[axis.code(parent, {parent: value})] = True
                except ValueError as error:
                    raise ValueError(f"when[{child!r}]: {error}") from None
            clause.append((place, allowed))
        return clause

    def _sorted(self) -> list[int]:
        parents = {
            child: {place for clause in ways for place, _ in clause} for child, ways in self.clauses.items()
        }
        order: list[int] = []
        left = list(range(len(self._axes)))
        while left:
            ready = [k for k in left if parents.get(k, set()) <= set(order)]
            if not ready:
                names = [self._names[k] for k in left]
                raise ValueError(
                    f"when= has a cycle: each of {names} needs another of them to be there first"
                )
            order += ready
            left = [k for k in left if k not in ready]
        return order

    # ----------------------------------------------------------------------------------- of many at once

    def holds(self, k: int, codes: Codes) -> NDArray[np.bool_]:
        """Tell for each line of codes whether parameter k is there; its parents must be settled."""
        here = np.ones(len(codes), bool)
        if k in self.clauses:
            here[:] = False
            for clause in self.clauses[k]:
                met = np.ones(len(codes), bool)
                for place, allowed in clause:
                    code = codes[:, place]
                    met &= (code != ABSENT) & allowed[code]
                here |= met
        return here

    def without_absent(self, codes: Codes) -> Codes:
        """Mark, in place, what is not there."""
        for k in self.order:
            if k in self.clauses:
                codes[~self.holds(k, codes), k] = ABSENT
        return codes

    def settled(self, codes: Codes, rng: np.random.Generator) -> Codes:
        """Mark, in place, what is not there, and draw what is there but has no value."""
        for k in self.order:
            if k in self.clauses:
                here = self.holds(k, codes)
                codes[~here, k] = ABSENT
                new = here & (codes[:, k] == ABSENT)
                if new.any():
                    codes[new, k] = self._axes[k].draw(int(new.sum()), rng)
        return codes

    # ------------------------------------------------------------------------------------------ listing

    def list_all(self, most: int) -> Codes | None:
        """Return the codes of all architectures in order, or None where there are more than a number."""
        if self.count(most) > most:
            return None
        codes = self._expanded(range(len(self._axes)), most)
        assert codes is not None  # it has been counted
        return codes[np.lexsort(codes.T[::-1])]

    def count(self, most: int) -> float:
        """Return the number of architectures; infinity where parents alone have more than most."""
        parents = {place for ways in self.clauses.values() for clause in ways for place, _ in clause}
        codes = self._expanded(parents, most)
        if codes is None:
            return float("inf")
        total = [1] * len(codes)
        for k, axis in enumerate(self._axes):
            if k not in parents:
                here = self.holds(k, codes).tolist()
                total = [n * axis.size if there else n for n, there in zip(total, here, strict=True)]
        return sum(total)

    def _expanded(self, places: Iterable[int], most: int) -> Codes | None:
        """Return every combination of the values of some parameters, the others absent."""
        codes = np.full((1, len(self._axes)), ABSENT)
        wanted = set(places)
        for k in (k for k in self.order if k in wanted):
            here = self.holds(k, codes)
            size = self._axes[k].size
            if (~here).sum() + here.sum() * size > most:
                return None
            grown = np.repeat(codes[here], size, axis=0)
            grown[:, k] = np.tile(np.arange(size), int(here.sum()))
            codes = np.concatenate([codes[~here], grown])
        return codes


def shown(when: Mapping[str, list[dict[str, list[Any]]]]) -> str:
    """Return conditions as they can be given, the same for the same ones."""
    return repr({child: ways[0] if len(ways) == 1 else ways for child, ways in when.items()})


def _ways(child: str, given: Any) -> list[dict[str, list[Any]]]:
    ways = [given] if isinstance(given, Mapping) else given
    if not isinstance(ways, Sequence) or isinstance(ways, str) or not ways:
        raise ValueError(_WRONG.format(child=child, given=given))
    if not all(isinstance(way, Mapping) and way for way in ways):
        raise ValueError(_WRONG.format(child=child, given=given))
    return [{parent: _values(values) for parent, values in way.items()} for way in ways]


def _values(values: Any) -> list[Any]:
    if isinstance(values, list | tuple | range):
        return list(values)
    return sorted(values, key=repr) if isinstance(values, set | frozenset) else [values]


_WRONG = (
    "when[{child!r}]={given!r} says not when; give a dictionary of parameters and the value or the values "
    "that they must have, or a list of such dictionaries, of which one must hold"
)
