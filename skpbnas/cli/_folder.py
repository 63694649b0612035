"""The folder of a search: what it is of, what it has evaluated, and what was written at its end."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from .. import __version__
from ..search import SavedResults, read_results
from ._effort import Effort
from ._task import Task


class Description(NamedTuple):
    """What a folder says of its search.

    Attributes
    ----------
    task : Task
    effort : Effort
    directory : Path
        Where the search was started, and where modules of its user are found.
    """

    task: Task
    effort: Effort
    directory: Path


class Folder:
    """The folder that ``--output`` names.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._description = path / "search.json"

    @property
    def checkpoint(self) -> Path:
        """The checkpoint: a database, or the NumPy archive of the first versions where there is one."""
        earlier = self.path / "checkpoint.npz"
        return earlier if earlier.exists() else self.path / "checkpoint.db"

    def read(self) -> Description:
        """Return what the search is.

        Raises
        ------
        ValueError
            Where the folder holds no search, or its description is damaged.
        """
        if not self._description.exists():
            raise ValueError(
                f"{self.path} holds no search: there is no {self._description.name}; "
                f"'skpbnas search --output {self.path}' makes one"
            )
        try:
            saved: Any = json.loads(self._description.read_text())
            effort = saved.get("effort") or {"budget": saved["budget"]}  # which was all at first
            directory = Path(saved.get("directory", "."))
            return Description(Task.from_dict(saved["task"]), Effort.from_dict(effort), directory)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(
                f"{self._description} is damaged ({error}); remove it, and give 'skpbnas search' the same "
                f"options again"
            ) from error

    def check(self, task: Task) -> None:
        """Refuse a folder that holds the search of another task, naming what differs."""
        if not self._description.exists():
            return
        before, now = self.read().task.options(), task.options()
        different = [
            f"{name} was {before.get(name, 'not given')} and is now {now.get(name, 'not given')}"
            for name in [*before, *(name for name in now if name not in before)]
            if before.get(name) != now.get(name)
        ]
        if different:
            raise ValueError(
                f"{self.path} holds another search: {'; '.join(different)}. Give another --output, or go on "
                f"with that search by 'skpbnas resume {self.path}'"
            )

    def write(self, description: Description) -> None:
        """Write down what the search is."""
        content = {
            "version": __version__,
            "task": description.task.as_dict(),
            "effort": description.effort.as_dict(),
            "directory": str(description.directory),
        }
        part = self._description.with_suffix(".part")
        part.write_text(json.dumps(content, indent=1))
        os.replace(part, self._description)

    def results(self, task: Task) -> SavedResults:
        """Return what has been found so far, also while the search runs."""
        if not self.checkpoint.exists():
            raise ValueError(f"{self.path} holds a search that has evaluated nothing; start it again")
        return read_results(self.checkpoint, task.search_space())
