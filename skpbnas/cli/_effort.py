"""How much a search may take, and what is made of it: options that may change when it goes on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from ._own import is_own
from ._values import choice, read_values, seconds, text, whole

_REPEATS = whole(2)


def _finalists(option: str, value: Any) -> int | str:
    if value == "auto":
        return "auto"
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    try:
        return int(_REPEATS(option, number))
    except ValueError:
        raise ValueError(f"{option} {value}: give a whole number from 2, or auto") from None


_READERS = {
    "budget": whole(1),
    "jobs": whole(1),
    "timeout": seconds,
    "max_seconds": seconds,
    "finalists": _finalists,
    "build": choice((), is_own, "package.module:name"),
    "data": text,
    "report": text,
}
_DEFAULTS = {"budget": 150, "jobs": 1}
EFFORT_OPTIONS = tuple(_READERS)


@dataclass(frozen=True)
class Effort:
    """The options by their names."""

    budget: int
    jobs: int
    timeout: float | None
    max_seconds: float | None
    finalists: int | Literal["auto"] | None
    build: str | None
    data: str | None
    report: str | None

    @classmethod
    def from_dict(cls, options: dict[str, Any]) -> Effort:
        """Return the effort of options by name; what is None or absent has its default."""
        return cls(**read_values(_READERS, options, _DEFAULTS))

    def changed(self, options: dict[str, Any]) -> Effort:
        """Return the same with the options that are given."""
        given = {name: value for name, value in options.items() if value is not None}
        return replace(self, **read_values({name: _READERS[name] for name in given}, given, {}))

    def as_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads, as JSON has it."""
        return asdict(self)
