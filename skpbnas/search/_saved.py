"""What a checkpoint holds, and how it is read: nothing in a file is believed unchecked."""

from __future__ import annotations

import json
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..spaces import SearchSpace
from ._archive import DONE, FAILED, PENDING, RECORD, Archive
from ._identity import Identity

APPLICATION = 0x736B7062  # "skpb", which tells our databases from others
FORMAT = 3  # formats 1 and 2 were NumPy archives; the first held one objective only, in the records
SCHEMA = {
    "meta": "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "evaluations": (
        "CREATE TABLE evaluations (place INTEGER PRIMARY KEY, row BLOB NOT NULL, type TEXT NOT NULL, "
        "status INTEGER NOT NULL, iteration INTEGER NOT NULL, pool_size INTEGER NOT NULL, "
        "proposal_seconds REAL, evaluation_seconds REAL, scores TEXT NOT NULL, predicted TEXT NOT NULL, "
        "costs TEXT NOT NULL, checksum INTEGER NOT NULL)"
    ),
}
INSERT = "INSERT OR REPLACE INTO evaluations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
DETAILS = "details "  # of an evaluation: the names in the table ``meta``, before its place
_MAX_BYTES = 2**26  # of one value: more than any row has
_MAX_OBJECTIVES = 1_000


class CheckpointError(ValueError):
    """A checkpoint that cannot be read, that is in use, or that belongs to another search."""


class CheckpointWriteError(CheckpointError, OSError):
    """A checkpoint that cannot be written: a full disk, a file without permission."""


class SavedSearch(NamedTuple):
    """A search as a file holds it.

    Attributes
    ----------
    archive : Archive
    identity : dict
        What the search is; of formats before 3 the space and the seed are known.
    seconds : float
        How long it has run.
    version : str or None
        Of the library that wrote it.
    """

    archive: Archive
    identity: Identity
    seconds: float = 0.0
    version: str | None = None


def is_archive(path: Path) -> bool:
    """Tell whether a file is a checkpoint of format 1 or 2, a NumPy archive."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def row_of(archive: Archive, place: int) -> tuple[Any, ...]:
    """Return the line of the table ``evaluations`` that holds one evaluation."""
    record, row = archive.records[place], archive.rows[place]
    values = (
        place,
        row.tobytes(),
        row.dtype.str,
        *(value.item() for value in record),
        json.dumps(archive.scores[place].tolist()),
        json.dumps(archive.predicted[place].tolist()),
        json.dumps(archive.costs[place].tolist()),
    )
    return (*values, _checksum(values))


def _checksum(values: tuple[Any, ...]) -> int:
    # SQLite stores NaN as NULL.
    return zlib.crc32(repr([None if value != value else value for value in values]).encode())


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn whatever a damaged file raises into a CheckpointError that says what to do."""
    try:
        yield
    except (CheckpointError, FileNotFoundError, PermissionError):
        raise
    except Exception as error:
        raise CheckpointError(
            f"checkpoint={str(path)!r} is not a checkpoint of a search, or it is damaged ({error}); give "
            f"another path, or put a copy of it in its place"
        ) from error


# ------------------------------------------------------------------------------------------- format 3


def load_database(database: sqlite3.Connection, path: Path, space: SearchSpace) -> SavedSearch:
    """Read a checkpoint of format 3.

    Raises
    ------
    CheckpointError
        Where it is damaged, no checkpoint, of a later format, or not of this space.
    """
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_BYTES)
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if application == APPLICATION and version > FORMAT:
        raise CheckpointError(
            f"checkpoint={str(path)!r} has format {version}, and this version of the library reads "
            f"formats up to {FORMAT}; use a later one"
        )
    found = dict(database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    if application != APPLICATION or found != SCHEMA:
        raise ValueError("a database of something else")
    (state,) = database.execute("PRAGMA integrity_check(1)").fetchone()
    if state != "ok":
        raise ValueError(state)
    meta = {name: json.loads(value) for name, value in database.execute("SELECT name, value FROM meta")}
    identity = meta["identity"]
    if not isinstance(identity, dict) or not isinstance(identity.get("random_state"), int):
        raise ValueError("it does not say which search it is of")
    _require_space(path, identity.get("space"), space)
    lines = list(database.execute("SELECT * FROM evaluations ORDER BY place"))
    archive = _from_lines(lines, space, list(identity.get("costs") or ()))
    archive.details = {
        int(name.removeprefix(DETAILS)): value for name, value in meta.items() if name.startswith(DETAILS)
    }
    return SavedSearch(archive, identity, float(meta.get("seconds", 0.0)), meta.get("version"))


def _from_lines(lines: list[tuple[Any, ...]], space: SearchSpace, cost_names: list[str]) -> Archive:
    for place, line in enumerate(lines):
        if line[0] != place or line[-1] != _checksum(line[:-1]):
            raise ValueError(f"evaluation {place} is missing, or does not have its checksum")
    rows = [np.frombuffer(line[1], _number(line[2])) for line in lines]
    records = np.array(
        [tuple(np.nan if value is None else value for value in line[3:8]) for line in lines], RECORD
    )
    scores, predicted, costs = ([json.loads(line[k]) for line in lines] for k in (8, 9, 10))
    return _checked(Archive(space, cost_names), rows, records, scores, predicted, costs)


def _number(name: str) -> np.dtype:
    dtype = np.dtype(name)
    if dtype.kind not in "buif":
        raise ValueError(f"rows of {name!r}")
    return dtype


# ---------------------------------------------------------------------------------- formats 1 and 2


def load_archive(path: Path, space: SearchSpace) -> SavedSearch:
    """Read a checkpoint of format 1 or 2, a NumPy archive."""
    with zipfile.ZipFile(path) as file:  # not compressed, so that nothing is larger than the file
        if any(info.compress_type != zipfile.ZIP_STORED for info in file.infolist()):
            raise ValueError("it is compressed")
        if any(info.file_size > path.stat().st_size for info in file.infolist()):
            raise ValueError("its parts are larger than it is")
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    meta = json.loads(str(arrays.pop("meta")))
    if not isinstance(meta, dict) or not isinstance(meta.get("format"), int):
        raise ValueError("it does not say which format it has")
    if meta["format"] > 2:
        raise CheckpointError(f"checkpoint={str(path)!r} has format {meta['format']}, which is unknown")
    _require_space(path, meta.get("space"), space)
    if not isinstance(meta.get("seed"), int):
        raise ValueError("it does not say its seed")
    if meta["format"] == 1:
        old = arrays["records"]
        arrays["scores"], arrays["predicted"] = old["score"][:, None], old["predicted_score"][:, None]
    records = np.empty(len(arrays["records"]), RECORD)
    for name in RECORD.names or ():
        records[name] = arrays["records"][name]
    no_costs = np.empty((len(records), 0))
    archive = _checked(
        Archive(space), arrays["rows"], records, arrays["scores"], arrays["predicted"], no_costs
    )
    return SavedSearch(archive, {"space": meta["space"], "random_state": meta["seed"]})


# ------------------------------------------------------------------------------------------- for all


def _require_space(path: Path, saved: Any, space: SearchSpace) -> None:
    if saved != repr(space):
        raise CheckpointError(
            f"checkpoint={str(path)!r} belongs to a search of {saved}, not of {space!r}; give another path"
        )


def _checked(
    archive: Archive, rows: Any, records: NDArray, scores: Any, predicted: Any, costs: Any
) -> Archive:
    """Return an archive with what a file holds, where all of it can be true."""
    space = archive.space
    n = len(records)
    if not n:
        return archive
    X = np.stack(list(rows))
    if X.shape != (n, space.n_features) or X.dtype.kind not in "buif":
        raise ValueError(f"rows of shape {X.shape} and {X.dtype} for {n} evaluations")
    archive.scores, archive.predicted = (np.array(values, np.float64) for values in (scores, predicted))
    shape = archive.scores.shape
    if len(shape) != 2 or shape[0] != n or not 1 <= shape[1] <= _MAX_OBJECTIVES:
        raise ValueError(f"scores of shape {shape} for {n} evaluations")
    if archive.predicted.shape != shape:
        raise ValueError(f"predicted scores of shape {archive.predicted.shape}, scores of shape {shape}")
    archive.costs = np.array(costs, np.float64)
    if archive.costs.shape != (n, len(archive.cost_names)):
        raise ValueError(f"costs of shape {archive.costs.shape} for the names {archive.cost_names}")
    if not np.isin(records["status"], (PENDING, DONE, FAILED)).all():
        raise ValueError(f"an evaluation of status {records['status'].max()}")
    finite = np.isfinite(archive.scores).all(axis=1)
    if (finite != (records["status"] == DONE)).any():
        raise ValueError("an evaluation that is finished without a score, or the other way round")
    if (records["iteration"] < 0).any() or (records["pool_size"] < 0).any():
        raise ValueError("a negative iteration or size of a pool")
    if not space.is_valid(X).all():
        raise ValueError(f"row {np.argmin(space.is_valid(X))} is not valid in {space!r}")
    archive.rows, archive.records, archive.keys = X, records, space.canonical_key(X)
    return archive
