"""What a search is, in words that a checkpoint can keep: so that two searches are never mixed."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..spaces import SearchSpace

Identity = dict[str, Any]  # nested dictionaries, lists, text, numbers and None, as JSON has them

_NOT_BY_CONTENT = re.compile(r"<lambda>|<locals>| at 0x[0-9a-fA-F]+")


def describe(value: Any) -> Any:
    """Return what tells a value from others: content where that can be had, names of functions and classes.

    Estimators are described by their class and parameters, arrays by a digest of their content, functions by
    their module and qualified name. An object may say what it is by an ``identity()`` of its own.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return digest(value)
    if isinstance(value, SearchSpace):
        return repr(value)
    if isinstance(value, Mapping):
        return {str(key): describe(element) for key, element in value.items()}
    if isinstance(value, list | tuple):
        return [describe(element) for element in value]
    if isinstance(value, functools.partial):
        return [describe(value.func), describe(value.args), describe(value.keywords)]
    if hasattr(value, "identity") and not isinstance(value, type):
        return {"class": _name(type(value)), **describe(value.identity())}
    if hasattr(value, "get_params") and not isinstance(value, type):
        return {"class": _name(type(value)), **describe(value.get_params(deep=False))}
    if hasattr(value, "__qualname__"):
        return _name(value)
    text = repr(value)
    return _name(type(value)) if _NOT_BY_CONTENT.search(text) else text


def describe_space(space: SearchSpace) -> str:
    """Return what tells a space from others: its ``repr``.

    Raises
    ------
    ValueError
        Where it does not tell, as with a constraint without a name.
    """
    text = repr(space)
    if vague := _NOT_BY_CONTENT.search(text):
        raise ValueError(
            f"space={text} looks the same as others ({vague[0].strip()!r}), and its "
            f"checkpoint could be mixed up with theirs; give the constraint a name that changes whenever it "
            f"does, ConstrainedSpace(space, feasible, name=...), or the class of the space a __repr__ that "
            f"says what it holds"
        )
    return text


def differences(saved: Any, given: Any, name: str = "") -> list[str]:
    """Return what differs between two descriptions, each as ``name: saved, now given``."""
    if isinstance(saved, dict) and isinstance(given, dict):
        names = [*saved, *(key for key in given if key not in saved)]
        parts = [
            differences(saved.get(key), given.get(key), f"{name}.{key}" if name else key) for key in names
        ]
        return [line for part in parts for line in part]
    return [] if saved == given else [f"{name} was {saved!r} and is now {given!r}"]


def digest(*arrays: np.ndarray) -> str:
    """Return the SHA-256 of the types, shapes and content of arrays, as hexadecimal digits."""
    total = hashlib.sha256()
    for array in arrays:
        total.update(f"{array.dtype.str}{array.shape}".encode())
        total.update(repr(array.tolist()).encode() if array.dtype.hasobject else array.tobytes())
    return total.hexdigest()


def _name(thing: Any) -> str:
    return f"{getattr(thing, '__module__', '')}.{thing.__qualname__}"
