"""What a sampler writes into the system attributes of a trial, for other workers to read."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, TypeVar

from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial

_LENGTH = 2045  # of a value; some databases cut longer ones, and Optuna's own samplers keep to this

Params = dict[str, Any]
Domains = Mapping[str, BaseDistribution]
T = TypeVar("T")


class MalformedNote(ValueError):
    """A note that no sampler of this kind has written."""


def write_note(storage: BaseStorage, trial_id: int, name: str, note: object) -> None:
    """Write a note as JSON, in as many attributes ``pbnas:{name}:{k}`` as it needs."""
    text = json.dumps(note)
    for k, start in enumerate(range(0, len(text), _LENGTH)):
        storage.set_trial_system_attr(trial_id, f"pbnas:{name}:{k}", text[start : start + _LENGTH])


def read_note(attributes: Mapping[str, Any], name: str) -> Any:
    """Return a note, or None where there is none, or one that is half written.

    Raises
    ------
    MalformedNote
        Where it is no JSON in pieces of text.
    """
    parts: list[str] = []
    for k in count():
        part = attributes.get(f"pbnas:{name}:{k}")
        if part is None:
            break
        if not isinstance(part, str):
            raise MalformedNote(f"pbnas:{name}:{k} is no text")
        parts.append(part)
    if not parts:
        return None
    try:
        # What follows is left from a longer note that this one was written over.
        return json.JSONDecoder().raw_decode("".join(parts))[0]
    except (ValueError, RecursionError):
        if all(len(part) == _LENGTH for part in parts):  # more is to come
            return None
        raise MalformedNote(f"pbnas:{name} is no JSON") from None


def to_note(params: Params, domains: Domains) -> dict[str, float]:
    """Return parameters as numbers, as Optuna stores them: choices may be of any type."""
    return {name: domains[name].to_internal_repr(value) for name, value in params.items() if name in domains}


def from_note(note: object, domains: Domains) -> Params:
    """Return the parameters of a note, or none where a value is not allowed.

    Raises
    ------
    MalformedNote
        Where it is no dictionary, or one of the values is no finite number.
    """
    if not isinstance(note, Mapping):
        raise MalformedNote(f"{note!r:.50} is no dictionary of parameters")
    known = {name: domain for name, domain in domains.items() if name in note}
    for name in known:
        if not _is_number(note[name]):
            raise MalformedNote(f"{name}={note[name]!r:.50} is no finite number")
    if not all(domain._contains(note[name]) for name, domain in known.items()):
        return {}
    return {name: domain.to_external_repr(note[name]) for name, domain in known.items()}


def _is_number(value: object) -> bool:
    most = sys.float_info.max
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -most <= value <= most


class NoteReader:
    """Reads the notes in the trials of one study; malformed ones are ignored, with one warning."""

    def __init__(self) -> None:
        self._has_warned = False

    def params(self, trial: FrozenTrial, domains: Domains) -> Params:
        """Return the parameters that a sampler has chosen for a trial, or none."""

        def read() -> Params:
            note = read_note(trial.system_attrs, "params")
            return {} if note is None else from_note(note, domains)

        return self._checked(trial, read, {})

    def batch(self, trial: FrozenTrial, domains: Domains) -> list[Params] | None:
        """Return the batch that was proposed when a trial began, best first, or None."""

        def read() -> list[Params] | None:
            note = read_note(trial.system_attrs, "batch")
            if note is None:
                return None
            if not (isinstance(note, Mapping) and isinstance(note.get("params"), list) and "number" in note):
                raise MalformedNote("pbnas:batch is no batch of parameters")
            # A trial that is a copy of another, such as one retried, has taken over its attributes.
            if note["number"] != trial.number:
                return None
            batch = [from_note(params, domains) for params in note["params"]]
            return [params for params in batch if params]

        return self._checked(trial, read, None)

    def _checked(self, trial: FrozenTrial, read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except MalformedNote as error:
            if not self._has_warned:
                self._has_warned = True
                warnings.warn(
                    f"trial {trial.number} has a note that PBNASSampler did not write ({error}); it and "
                    f"others like it are ignored",
                    stacklevel=2,
                )
            return otherwise


def fixed_params(trial: FrozenTrial) -> Params:
    """Return what a user has fixed for a trial, by ``enqueue_trial``."""
    fixed = trial.system_attrs.get("fixed_params")
    return dict(fixed) if isinstance(fixed, Mapping) else {}
