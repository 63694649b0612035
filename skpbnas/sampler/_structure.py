"""Which parameters the trials of a study have, and on what it depends that some lack them."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, log2
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from ..spaces._axes import Axis

_MOST_VALUES = 1000  # of a parameter that others may depend on
_SLACK = 4.0  # bits that a rule may take beyond those of listing the trials that have a parameter

Codes = NDArray[np.int64]  # (n_trials,), numbers of the values of a parameter; -1 where a trial has none
Values = dict[str, list[Any]]  # by parent, its values with which a parameter is there


class Known(NamedTuple):
    """The values of a parent in the trials, and with which of them some trial has the parameter."""

    values: Codes
    with_it: NDArray[np.bool_]


class Structure(NamedTuple):
    """The parameters of a study.

    Attributes
    ----------
    domains : dict of str to BaseDistribution
        Those that all trials have, and those of which it is known when trials have them.
    when : dict
        On what the latter depend, as :class:`~skpbnas.spaces.ParameterSpace` takes it.
    """

    domains: dict[str, BaseDistribution]
    when: dict[str, Values]

    @property
    def always(self) -> dict[str, BaseDistribution]:
        """Those that all trials have."""
        return {name: domain for name, domain in self.domains.items() if name not in self.when}


class StructureReader:
    """Reads the structure of a study from the trials of one state.

    A parameter is there with some values of one other, or with some values of each of several others. Of
    the rules that all trials follow, the one is taken that is told in the fewest bits: it could least be so
    by chance. A parameter for which that takes more than to list the trials that have it is left out, and
    so is one whose range has changed.

    Parameters
    ----------
    state : TrialState
    """

    def __init__(self, state: TrialState) -> None:
        self._state = state
        self._seen: set[int] = set()
        self._n = 0
        self._domains: dict[str, BaseDistribution | None] = {}  # None where it has changed
        self._axes: dict[str, Axis] = {}
        self._codes: dict[str, dict[int, int]] = {}  # by name, the values of the trials that have it
        self._structure = Structure({}, {})

    def read(self, trials: Sequence[FrozenTrial]) -> Structure:
        """Return the structure of a study, given all of its trials; each is read once."""
        fresh = [t for t in trials if t.state == self._state and t.number not in self._seen]
        for trial in fresh:
            self._add(trial)
        if fresh:
            self._structure = self._inferred()
        return self._structure

    def _add(self, trial: FrozenTrial) -> None:
        self._seen.add(trial.number)
        for name, domain in trial.distributions.items():
            if self._domains.setdefault(name, domain) != domain:
                self._domains[name] = None
            elif name not in self._axes:
                self._axes[name], self._codes[name] = Axis(domain), {}
        names = [name for name in trial.params if self._domains[name] is not None]
        try:
            codes = [self._axes[name].code(name, trial.params) for name in names]
        except ValueError:  # a value that its range does not have
            return
        for name, code in zip(names, codes, strict=True):
            self._codes[name][self._n] = code
        self._n += 1

    def _inferred(self) -> Structure:
        domains = {name: domain for name, domain in self._domains.items() if domain is not None}
        always = {name for name in domains if len(self._codes[name]) == self._n}
        if len(always) == len(domains):
            return Structure(domains, {})
        codes = {name: self._column(name) for name in domains}
        when: dict[str, Values] = {}
        rules: dict[bytes, Values] = {}  # by the trials that follow it
        for name in sorted(domains.keys() - always, key=lambda name: -len(self._codes[name])):
            present = codes[name] >= 0
            if present.tobytes() not in rules:
                parents = [parent for parent in domains if parent in always or when.get(parent)]
                rules[present.tobytes()] = self._rule(present, {parent: codes[parent] for parent in parents})
            when[name] = rules[present.tobytes()]
        explained = {name: domain for name, domain in domains.items() if name in always or when[name]}
        return Structure(explained, {name: when[name] for name in explained if name in when})

    def _column(self, name: str) -> Codes:
        column = np.full(self._n, -1)
        known = self._codes[name]
        column[list(known)] = list(known.values())
        return column

    def _rule(self, present: NDArray[np.bool_], parents: dict[str, Codes]) -> Values:
        """Return with which values of parents a parameter is there; nothing where that explains it not."""
        known: dict[str, Known] = {}  # of parents that all trials have which have the parameter
        for name, codes in parents.items():
            has_it = codes >= 0
            few = self._axes[name].size <= _MOST_VALUES
            if few and has_it[present].all() and has_it.sum() > present.sum():
                values = np.unique(codes[has_it])
                known[name] = Known(values, np.isin(values, codes[present]))
        if not known:
            return {}
        choice = log2(len(known))  # bits that tell which parent it is
        rules = [self._joint_rule(present, parents, known, choice)]
        for name, (values, with_it) in known.items():
            if (present == np.isin(parents[name], values[with_it])).all():
                bits = choice + self._bits(name, with_it)
                rules.append((bits, {name: self._values(name, values, with_it)}))
        bits, rule = min(rules, key=lambda rule: rule[0])
        return rule if bits <= log2(comb(self._n, int(present.sum()))) + _SLACK else {}

    def _bits(self, name: str, with_it: NDArray[np.bool_]) -> float:
        """Return what it takes to tell, value by value, with which of them a parameter is there."""
        if self._axes[name].is_categorical:
            return len(with_it)
        switches = int((with_it[1:] != with_it[:-1]).sum())
        return 1 + switches + log2(comb(len(with_it) - 1, switches))

    def _joint_rule(
        self, present: NDArray[np.bool_], parents: dict[str, Codes], known: dict[str, Known], choice: float
    ) -> tuple[float, Values]:
        """Return what a parameter needs of each of a few parents to be there, and the bits that tell it.

        Of numbers that is a range. Parents that take the most bits are left out first, as long as the others
        still explain what is there.
        """
        needed, bits = {}, {}
        for name, (values, with_it) in known.items():
            if self._axes[name].is_categorical:
                needed[name], bits[name] = with_it, float(len(with_it))
            else:
                low, high = np.flatnonzero(with_it)[[0, -1]]
                needed[name] = (np.arange(len(values)) >= low) & (np.arange(len(values)) <= high)
                bits[name] = log2(len(values) * (len(values) + 1) / 2)
        met = {name: np.isin(parents[name], known[name].values[needed[name]]) for name in known}
        kept = sorted(known, key=lambda name: -bits[name])
        for name in list(kept):
            fewer = [other for other in kept if other != name]
            if fewer and (np.all([met[other] for other in fewer], axis=0) == present).all():
                kept = fewer
        if not (np.all([met[name] for name in kept], axis=0) == present).all():
            return np.inf, {}
        rule = {name: self._values(name, known[name].values, needed[name]) for name in known if name in kept}
        return sum(choice + bits[name] for name in kept), rule

    def _values(self, name: str, known: Codes, with_it: NDArray[np.bool_]) -> list[Any]:
        """Return the values of a parent with which a parameter is there.

        Of numbers that no trial has had, those are taken to be like the nearest that some have had.
        """
        axis = self._axes[name]
        if not axis.is_categorical:
            every = np.arange(axis.size)
            nearest = np.abs(every[:, None] - known).argmin(axis=1)
            return [axis.value(code) for code in every[with_it[nearest]].tolist()]
        return [axis.value(code) for code in known[with_it].tolist()]
