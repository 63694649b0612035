"""The values of options, however they come: typed, from a configuration, or from the file of a search."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from numbers import Integral
from typing import Any

Reader = Callable[[str, Any], Any]  # takes the option as it is typed, and its value


def typed(name: str) -> str:
    """Return an option as it is typed: ``--n-candidates`` for ``n_candidates``."""
    return f"--{name.replace('_', '-')}"


def text(option: str, value: Any) -> str:
    """Return text that is not empty."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"{option} {value!r}: give a text")
    return str(value)


def texts(option: str, value: Any) -> tuple[str, ...]:
    """Return several texts; a single one counts as one."""
    several = [value] if isinstance(value, str) else value
    if not isinstance(several, list | tuple):
        raise ValueError(f"{option} {value!r}: give a list of texts")
    return tuple(text(option, one) for one in several)


def whole(least: int) -> Reader:
    """Return a reader of whole numbers."""

    def read(option: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
            raise ValueError(f"{option} {value}: give a whole number from {least}")
        return int(value)

    return read


def seconds(option: str, value: Any) -> float:
    """Return a time above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise ValueError(f"{option} {value}: give seconds, a number above 0")
    return float(value)


def choice(names: Iterable[str], further: Callable[[str], bool] | None = None, also: str = "") -> Reader:
    """Return a reader of one of some names.

    Parameters
    ----------
    names : iterable of str
    further : callable, default=None
        Tells whether another text is allowed, too.
    also : str
        What an error says of such texts.
    """
    known = list(names)
    allowed = ", ".join(known) + f"{' or ' * bool(known)}{also}" * bool(also)

    def read(option: str, value: Any) -> str:
        if value in known or (isinstance(value, str) and further is not None and further(value)):
            return str(value)
        near = difflib.get_close_matches(str(value), known, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(f"{option} {value}: {hint}give {allowed}")

    return read


def read_values(
    readers: dict[str, Reader], options: dict[str, Any], defaults: dict[str, Any]
) -> dict[str, Any]:
    """Return a value for each reader: what is given, else the default."""
    return {
        name: defaults.get(name) if options.get(name) is None else read(typed(name), options[name])
        for name, read in readers.items()
    }
