"""What a sampler writes into the system attributes of a trial, for other workers to read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage

_LENGTH = 2045  # of a value; some databases cut longer ones, and Optuna's own samplers keep to this

Params = dict[str, Any]
Domains = Mapping[str, BaseDistribution]


def write_note(storage: BaseStorage, trial_id: int, name: str, note: object) -> None:
    """Write a note as JSON, in as many attributes ``pbnas:{name}:{k}`` as it needs."""
    text = json.dumps(note)
    for k, start in enumerate(range(0, len(text), _LENGTH)):
        storage.set_trial_system_attr(trial_id, f"pbnas:{name}:{k}", text[start : start + _LENGTH])


def read_note(attributes: Mapping[str, Any], name: str) -> Any:
    """Return a note, or None where there is none, or one that is half written."""
    parts: list[str] = []
    for k in count():
        part = attributes.get(f"pbnas:{name}:{k}")
        if part is None:
            break
        parts.append(part)
    try:
        # What follows is left from a longer note that this one was written over.
        return json.JSONDecoder().raw_decode("".join(parts))[0] if parts else None
    except json.JSONDecodeError:
        return None


def to_note(params: Params, domains: Domains) -> dict[str, float]:
    """Return parameters as numbers, as Optuna stores them: choices may be of any type."""
    return {name: domain.to_internal_repr(params[name]) for name, domain in domains.items()}


def from_note(note: Mapping[str, float], domains: Domains) -> Params:
    """Return the parameters of a note that has all of them and only values that are allowed, else none."""
    if not all(name in note and domain._contains(note[name]) for name, domain in domains.items()):
        return {}
    return {name: domain.to_external_repr(note[name]) for name, domain in domains.items()}
