"""A search on disk: one SQLite file with one writer, durable after every evaluation."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from filelock import FileLock, Timeout

from .. import __version__
from .._files import take_place
from ..spaces import Rows
from ._archive import Archive, Scores
from ._identity import Identity
from ._saved import (
    APPLICATION,
    DETAILS,
    FORMAT,
    INSERT,
    SCHEMA,
    CheckpointError,
    CheckpointWriteError,
    SavedSearch,
    explained,
    is_archive,
    load_archive,
    load_database,
    row_of,
)

_BUSY_SECONDS = 60  # how long a writer waits for readers


class EvaluationsSoFar(NamedTuple):
    """What :func:`read_checkpoint` returns.

    Attributes
    ----------
    rows : ndarray of shape (n, n_features)
        The architectures of the finished and failed evaluations, in the order of asking.
    scores : ndarray of shape (n,) or (n, n_objectives)
        Their scores, higher is better; NaN where an evaluation failed.
    history : pandas.DataFrame
        One line per evaluation, like ``PredictorBasedSearch.history_``.
    identity : dict
        What the search is: its space, predictor, pool, sizes, seed and objective.
    """

    rows: Rows
    scores: Scores
    history: pd.DataFrame
    identity: dict[str, Any]


def read_checkpoint(path: str | os.PathLike[str], space: Any) -> EvaluationsSoFar:
    """Read the evaluations of a checkpoint, also while a search is writing to it.

    To take the results of one search into another one on purpose, tell them:
    ``other.tell(*read_checkpoint("first.db", space)[:2])``.

    Parameters
    ----------
    path : path
    space : SearchSpace
        That of the search, or another one whose rows mean the same.

    Returns
    -------
    EvaluationsSoFar

    Raises
    ------
    CheckpointError
        Where the file is damaged, or its rows are not valid in the space.
    OSError
        Where it cannot be opened.
    """
    saved = _load(Path(path), space)
    archive = saved.archive
    told = archive.told
    scores = archive.scores[told]
    return EvaluationsSoFar(
        archive.rows[told],
        scores[:, 0] if archive.n_objectives == 1 else scores,
        archive.to_frame(),
        saved.identity,
    )


def _load(path: Path, space: Any) -> SavedSearch:
    if not path.exists():
        raise FileNotFoundError(f"there is no checkpoint at {str(path)!r}")
    with explained(path):
        if is_archive(path):
            return load_archive(path, space)
        # What a process left half written when it was killed is undone by the next to open the file, which
        # has to write for that.
        with closing(_connect(path, "rw" if os.access(path, os.W_OK) else "ro")) as database:
            return load_database(database, path, space)


class Checkpoint:
    """The file of one search, held while it is written to.

    Parameters
    ----------
    path : Path
        Made absolute once, so that an objective may change the working directory. Links are followed.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(os.path.abspath(path))
        self._database: sqlite3.Connection | None = None

    @property
    def is_held(self) -> bool:
        """Whether this search is the file's owner now."""
        return self._database is not None

    @contextmanager
    def held(self) -> Iterator[Checkpoint]:
        """Be the file's only writer.

        Raises
        ------
        CheckpointError
            Where another process, or another search of this one, is.
        """
        target = Path(os.path.realpath(self.path))
        if not target.parent.is_dir():
            raise FileNotFoundError(
                f"checkpoint={str(self.path)!r}: there is no folder {str(target.parent)!r}"
            )
        lock = FileLock(f"{target}.lock", timeout=0, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            raise CheckpointError(
                f"checkpoint={str(self.path)!r} belongs to {_owner(target)}, which is still running; wait "
                f"for it, or give another path"
            ) from None
        except OSError as error:
            raise CheckpointWriteError(f"checkpoint={str(self.path)!r} cannot be locked: {error}") from error
        try:
            yield self
        finally:
            self._close()
            lock.release()

    def load(self, space: Any) -> SavedSearch | None:
        """Return what the file holds; None where there is none."""
        return _load(self.path, space) if self.path.exists() else None

    def start(self, archive: Archive, identity: Identity) -> None:
        """Write to the file from now on; what it lacks of ``archive`` first.

        Where there is no file, or one of an earlier format, a new one takes its place once it is complete.
        """
        target = Path(os.path.realpath(self.path))
        with self._writing():
            if not target.exists() or is_archive(target):
                _create(target, archive, identity)
            self._database = _connect(target, "rw")
            with _transaction(self._database):
                _write_all(self._database, archive, identity)
                _set(self._database, "owner", _own_name())

    def append(self, archive: Archive, places: list[int] | range, seconds: float) -> None:
        """Write evaluations, new or finished; they are on the disk when this returns.

        Parameters
        ----------
        archive : Archive
        places : list of int
        seconds : float
            How long the search has run in all.
        """
        assert self._database is not None
        with self._writing(), _transaction(self._database):
            _put(self._database, archive, places)
            _set(self._database, "seconds", seconds)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise CheckpointWriteError(
                f"checkpoint={str(self.path)!r} cannot be written: {error}. What has been observed is kept "
                f"by this search; mend the cause, and run it again"
            ) from error

    def _close(self) -> None:
        if self._database is None:
            return
        with suppress(sqlite3.Error):  # a disk that is full: the lock tells that the owner has gone
            with _transaction(self._database):
                _set(self._database, "owner", None)
        self._database.close()
        self._database = None


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    database = sqlite3.connect(
        uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    # EXTRA also syncs the folder once the journal is deleted, without which a power loss could undo the last
    # evaluation. A write-ahead log would be faster, but not work on network file systems.
    database.execute("PRAGMA synchronous=EXTRA")
    database.execute("PRAGMA trusted_schema=OFF")
    return database


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        raise


def _write_all(database: sqlite3.Connection, archive: Archive, identity: Identity) -> None:
    _set(database, "identity", identity)
    _set(database, "version", __version__)
    _put(database, archive, range(len(archive)))


def _put(database: sqlite3.Connection, archive: Archive, places: list[int] | range) -> None:
    database.executemany(INSERT, [row_of(archive, place) for place in places])
    for place in places:
        if place in archive.details:
            _set(database, f"{DETAILS}{place}", archive.details[place])


def _set(database: sqlite3.Connection, name: str, value: Any) -> None:
    database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, json.dumps(value)))


def _create(target: Path, archive: Archive, identity: Identity) -> None:
    """Write a complete file beside the target, and put it into its place in one step."""
    new = target.with_name(f"{target.name}.{os.getpid()}.new")
    new.unlink(missing_ok=True)
    try:
        new.touch()  # with the mode that the user's mask asks for; SQLite's own never lets a group write
        with closing(_connect(new, "rw")) as database:
            database.execute(f"PRAGMA application_id={APPLICATION}")
            database.execute(f"PRAGMA user_version={FORMAT}")
            with _transaction(database):
                for statement in SCHEMA.values():
                    database.execute(statement)
                _write_all(database, archive, identity)
        take_place(new, target)
    finally:
        new.unlink(missing_ok=True)


def _own_name() -> dict[str, Any]:
    since = datetime.now().astimezone().isoformat(timespec="seconds")
    return {"host": socket.gethostname(), "process": os.getpid(), "since": since}


def _owner(path: Path) -> str:
    """Return who holds a file, as far as it says so."""
    try:
        with closing(_connect(path, "ro")) as database:
            (text,) = database.execute("SELECT value FROM meta WHERE name = 'owner'").fetchone()
        owner = json.loads(text)
        return f"process {owner['process']} on {owner['host']}, since {owner['since']}"
    except (sqlite3.Error, ValueError, TypeError, KeyError):  # it has not said so yet, or any more
        return "another process"
