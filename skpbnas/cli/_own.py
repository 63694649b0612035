"""Objects of the user's own modules, named on the command line as ``package.module:name``."""

from __future__ import annotations

import difflib
import re
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

from ..spaces import SearchSpace

_PATHS = sysconfig.get_paths()
_NOT_OWN = tuple(
    {str(Path(__file__).parents[1]), *(_PATHS[kind] for kind in ("stdlib", "purelib", "platlib"))}
)
_OWN = re.compile(r"[^\W\d][\w.]*:[^\W\d][\w.]*")


def is_own(text: str) -> bool:
    """Tell whether a text has the form ``package.module:name``."""
    return _OWN.fullmatch(text) is not None


@contextmanager
def importable(*folders: Path) -> Iterator[None]:
    """Let modules in these folders be imported, as Python does for the folder of a script."""
    before = sys.path[:]
    sys.path[:0] = [str(folder) for folder in dict.fromkeys(folders) if str(folder) not in sys.path]
    try:
        yield
    finally:
        sys.path[:] = before


def load_own(option: str, text: str) -> Any:
    """Return what ``package.module:name`` names.

    Raises
    ------
    ValueError
        Where there is no such module or name, or importing the module raises.
    """
    if not is_own(text):
        raise ValueError(f"{option} {text}: give package.module:name")
    module_name, _, name = text.partition(":")
    try:
        found: Any = import_module(module_name)
    except (Exception, SystemExit) as error:
        missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{module_name}.".startswith(f"{missing}."):
            raise ValueError(
                f"{option} {text}: there is no module {missing!r}, neither in {Path.cwd()} nor installed"
            ) from error
        raise ValueError(f"{option} {text}: importing {module_name} raised {raised(error)}") from error
    for part in name.split("."):
        if not hasattr(found, part):
            public = [other for other in dir(found) if not other.startswith("_")]
            near = difflib.get_close_matches(part, public, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"{option} {text}: {module_name} has no {part!r}{hint}")
        found = getattr(found, part)
    return found


def made_by(option: str, text: str) -> Any:
    """Return the object that a name stands for; of a class or a function, what it returns."""
    found = load_own(option, text)
    if isinstance(found, type) or type(found).__name__ in ("function", "builtin_function_or_method"):
        try:
            return found()
        except Exception as error:
            raise ValueError(f"{option} {text}: calling it raised {raised(error)}") from error
    return found


def load_space(text: str) -> SearchSpace:
    """Return the space that a name stands for."""
    space = made_by("--space", text)
    if not isinstance(space, SearchSpace):
        raise ValueError(
            f"--space {text}: {_what(space)} is no search space; give an object such as "
            f"CellSpace(5, ['conv', 'pool']), or a function that returns one"
        )
    return space


def load_function(option: str, text: str, *also: str) -> Callable[..., Any]:
    """Return a function of one architecture.

    Parameters
    ----------
    option, text : str
    *also : str
        Arguments that it may have to take beside the architecture, by name.

    Raises
    ------
    ValueError
        Where it is no function, or takes other arguments.
    """
    found = load_own(option, text)
    if isinstance(found, type) or not callable(found):
        raise ValueError(f"{option} {text}: {_what(found)} is no function of an architecture")
    try:
        parameters = signature(found)
    except (TypeError, ValueError):  # of a builtin
        return found
    try:
        parameters.bind(None, **{name: 0 for name in also if name in parameters.parameters})
    except TypeError as error:
        raise ValueError(
            f"{option} {text}: {text.partition(':')[2]}{parameters} cannot be called with one architecture "
            f"({error})"
        ) from error
    return found


def raised(error: BaseException) -> str:
    """Return what was raised: its type, its message, and where in the user's code if that is known."""
    name = type(error).__name__
    text = f"{name}: {error}" if str(error) else name
    where = place_of(error)
    return text if where is None or isinstance(error, SyntaxError) else f"{text} ({where})"


def place_of(error: BaseException) -> str | None:
    """Return the last line of the user's code that an error went through; None where there is none."""
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    for note in getattr(error, "__notes__", ()):  # of an error in a worker
        frames += re.findall(r'File "([^"]+)", line (\d+)', note)
    own = [(Path(file), line) for file, line in frames if not file.startswith((*_NOT_OWN, "<"))]
    return f"{own[-1][0].name}, line {own[-1][1]}" if own else None


def _what(thing: Any) -> str:
    return (
        f"the class {thing.__name__}" if isinstance(thing, type) else f"an object of {type(thing).__name__}"
    )
