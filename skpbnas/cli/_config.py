"""Options of ``skpbnas search`` from a TOML file."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any


def read_config(path: Path, known: Collection[str]) -> dict[str, Any]:
    """Return the options of a configuration by name, ``n_candidates`` for ``--n-candidates``.

    Parameters
    ----------
    path : Path
        A TOML file with a line for each option, such as ``n-candidates = 500``.
    known : collection of str
        The names that there are.

    Raises
    ------
    OSError
        Where it cannot be opened.
    ValueError
        Where it is no TOML file, or has an option that there is not.
    """
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # of TOML, or of UTF-8
        raise ValueError(f"{path} is not a TOML file: {error}") from error
    options = {}
    for key, value in config.items():
        name = key.replace("-", "_")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(known))}"
            raise ValueError(f"{path}: there is no option {key!r}; {hint}")
        options[name] = value
    return options
