"""The trials of a study as rows of a space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState

from ..search._known import Known
from ..spaces import Rows, SearchSpace
from ._notes import NoteReader, Params, fixed_params


class Record(NamedTuple):
    """A trial, and the row and the canonical key of its architecture, where it has one."""

    trial: FrozenTrial
    row: Rows | None = None
    key: int | None = None


class Ledger:
    """Rows of all trials of one study. A finished trial is decoded once.

    Parameters
    ----------
    space : SearchSpace
    strict : bool
        Whether a trial must agree with the space about the choices of each parameter.
    notes : NoteReader
    known : Known or None
        What the predictor is told beside the scores.
    """

    def __init__(
        self, space: SearchSpace, strict: bool, notes: NoteReader, known: Known | None = None
    ) -> None:
        self.space = space
        self.known = known
        self.domains = space.distributions()
        self.strict = strict
        self.notes = notes
        self.records: list[Record] = []

    def refresh(self, trials: Sequence[FrozenTrial]) -> None:
        """Take over what has happened to the study; ``trials`` are all of it, by number."""
        known = self.records
        # A storage hands out the same object for a trial that has not changed.
        fresh = [
            k
            for k, trial in enumerate(trials)
            if k >= len(known) or known[k].trial is not trial or not trial.state.is_finished()
        ]
        records = known[: len(trials)] + [Record(trial) for trial in trials[len(known) :]]
        for k, record in zip(fresh, self._decode([trials[k] for k in fresh]), strict=True):
            records[k] = record
        self.records = records

    def _decode(self, trials: list[FrozenTrial]) -> list[Record]:
        rows = [self._row(trial) for trial in trials]
        found = {k: row for k, row in enumerate(rows) if row is not None}
        records = [Record(trial) for trial in trials]
        if found:
            X = np.stack(list(found.values()))
            valid, keys = self.space.is_valid(X), self.space.canonical_key(X)
            for k, row, is_valid, key in zip(found, X, valid.tolist(), keys.tolist(), strict=True):
                if is_valid:
                    records[k] = Record(trials[k], row, key)
        return records

    def _row(self, trial: FrozenTrial) -> Rows | None:
        if self.strict:
            self._require_choices(trial)
        params = trial.params
        if trial.state != TrialState.COMPLETE:  # what it will be, or would have been
            params = self.planned(trial) | fixed_params(trial) | params
        try:
            return self.space.params_to_row(params) if self.has_all(params) else None
        except (
            ValueError,
            TypeError,
        ):  # a value that the space does not have: an older trial, or one added by hand
            return None

    def _require_choices(self, trial: FrozenTrial) -> None:
        for name, domain in self.domains.items():
            other = trial.distributions.get(name, domain)
            if (
                isinstance(domain, CategoricalDistribution)
                and getattr(other, "choices", ()) != domain.choices
            ):
                raise ValueError(
                    f"trial {trial.number} has {name} from {other}, but space={self.space!r} has {domain}; "
                    f"suggest the parameters by space.suggest(trial), or use another study"
                )

    def keys(self, but: int) -> set[int]:
        """Return the canonical keys of all trials but one, whatever their state."""
        return {r.key for r in self.records if r.key is not None and r.trial.number != but}

    def rows(self, records: Sequence[Record]) -> Rows:
        """Return the rows of records that have one."""
        rows = [record.row for record in records if record.row is not None]
        return np.stack(rows) if rows else np.empty((0, self.space.n_features))

    def planned(self, trial: FrozenTrial) -> Params:
        """Return what a sampler has chosen for a trial before it suggested anything, if that is all of it."""
        params = self.notes.params(trial, self.domains)
        return params if self.has_all(params) else {}

    def has_all(self, params: Params) -> bool:
        """Tell whether nothing is missing that an architecture of the space has."""
        return self.domains.keys() <= params.keys() or not self.space.missing_parameters(params)

    def latest_batch(self) -> list[Params]:
        """Return the parameters of the batch that was proposed last, best first."""
        for record in reversed(self.records):
            batch = self.notes.batch(record.trial, self.domains)
            if batch is not None:
                return [params for params in batch if self.has_all(params)]
        return []


def only_valid(space: SearchSpace, batch: list[Params]) -> tuple[list[Params], NDArray]:
    """Return the parameters that are architectures of the space, and their canonical keys."""
    if not batch:
        return [], np.empty(0, np.uint64)
    X = np.stack([space.params_to_row(params) for params in batch])
    valid = space.is_valid(X)
    kept = [params for params, is_valid in zip(batch, valid, strict=True) if is_valid]
    return kept, space.canonical_key(X[valid])
