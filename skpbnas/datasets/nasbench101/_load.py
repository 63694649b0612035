"""Load NASBench-101: find the file, convert it the first time, map the table afterwards."""

from __future__ import annotations

import errno
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from ...spaces._enumeration import cache_folder
from .._errors import DataFileError
from ._api import is_nasbench, is_nasbenchapi, table_from_api
from ._benchmark import NASBench101Benchmark
from ._convert import convert_file
from ._store import StoredTable, open_store, write_store

ENVIRONMENT_VARIABLE = "SKPBNAS_NASBENCH101"
FILE_NAMES = ("nasbench_full.tfrecord", "nasbench_only108.tfrecord")
STORE_SUFFIX = ".skpbnas.npz"
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}


def load_nasbench101(
    path: Any = None,
    *,
    random_state: int | np.random.Generator | None = None,
    n_jobs: int | None = None,
    progress: bool = True,
) -> NASBench101Benchmark:
    """Load NASBench-101 from the official file.

    The first time, ``nasbench_only108.tfrecord`` takes some seconds: all of it is read, checked, and
    written as a table beside it (or in the cache folder, where that folder cannot be written). Later, the
    table is mapped into memory at once; the original is read again only when it has changed.

    Parameters
    ----------
    path : path or object, default=None
        ``nasbench_only108.tfrecord`` or ``nasbench_full.tfrecord``, a file of the same format with other
        repeats, budgets or a part of the cells, or a table made from one. None takes the environment
        variable ``SKPBNAS_NASBENCH101``, or else what ``skpbnas nasbench101 download`` has left in the
        cache folder. A ``nasbench.api.NASBench`` or ``nasbenchapi.NASBench101`` object is read as it is.
    random_state : int, Generator or None, default=None
        Chooses the repeats that queries of one training run return.
    n_jobs : int, default=None
        Number of processes for the conversion; None takes one per core.
    progress : bool, default=True
        Whether to show a progress bar during the conversion.

    Returns
    -------
    NASBench101Benchmark
        A :class:`TabularBenchmark` with ``columns`` for each metric, budget and repeat.

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    DataFileError
        Where the file holds something else or is damaged, naming the row and the byte.
    TypeError
        Where ``path`` is neither a path nor such an object.
    """
    if is_nasbench(path) or is_nasbenchapi(path):
        table = table_from_api(path, n_jobs=n_jobs, progress=progress)
    elif path is None or isinstance(path, (str, os.PathLike)):
        source = find_file() if path is None else _existing(Path(path).expanduser())
        table = load_table(source, n_jobs=n_jobs, progress=progress)
    else:
        raise TypeError(
            f"path={path!r} is neither a path nor an object with the methods of nasbench.api.NASBench "
            f"(hash_iterator, get_metrics_from_hash) or nasbenchapi.NASBench101 (iter_all, query)"
        )
    return NASBench101Benchmark(table, random_state)


def _existing(path: Path) -> Path:
    if not any(candidate.exists() for candidate in (path, *store_paths(path))):
        advice = "no such file; get it with 'skpbnas nasbench101 download', or give another path"
        raise FileNotFoundError(errno.ENOENT, advice, str(path))
    return path


def find_file() -> Path:
    """Return the file that the environment variable names, or the one in the cache folder.

    Raises
    ------
    FileNotFoundError
        Saying what to do.
    """
    if named := os.environ.get(ENVIRONMENT_VARIABLE):
        return Path(named).expanduser()
    for name in FILE_NAMES:
        path = cache_folder() / name
        if any(candidate.exists() for candidate in (path, *store_paths(path))):
            return path
    raise FileNotFoundError(
        f"no NASBench-101 file in {cache_folder()}; get it with 'skpbnas nasbench101 download', "
        f"pass its path, or set {ENVIRONMENT_VARIABLE}"
    )


def load_table(path: Path, *, n_jobs: int | None = None, progress: bool = False) -> StoredTable:
    """Return the table of a file, which is converted where that has not been done yet."""
    if is_store(path):
        return open_store(path)
    for store in store_paths(path):
        table = _open_current(store, path)
        if table is not None:
            return table
    return convert(path, n_jobs=n_jobs, progress=progress)[0]


def convert(
    path: Path, store: Path | None = None, *, n_jobs: int | None = None, progress: bool = False
) -> tuple[StoredTable, Path]:
    """Convert an official file, and return the table and where it has been written.

    Parameters
    ----------
    path : Path
    store : Path, default=None
        Where to write; None takes the folder of the original, or the cache folder where that is read-only.
    """
    table = convert_file(path, n_jobs=n_jobs, progress=progress)
    beside, cached = store_paths(path)
    if store is None:
        try:
            write_store(beside, table)
        except OSError as error:
            if error.errno not in _READ_ONLY:
                raise
            store = cached
        else:
            return open_store(beside), beside
    store.parent.mkdir(parents=True, exist_ok=True)
    write_store(store, table)
    return open_store(store), store


def store_paths(path: Path) -> list[Path]:
    """Return where the table of a file may be: beside it, or in the cache folder."""
    name = path.stem + STORE_SUFFIX
    digest = sha256(os.fsencode(path.absolute())).hexdigest()[:16]
    return [path.with_name(name), cache_folder() / digest / name]


def is_store(path: Path) -> bool:
    """Tell whether a file is a converted table (or some other zip archive, which open_store refuses)."""
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except FileNotFoundError:
        return False


def _open_current(store: Path, path: Path) -> StoredTable | None:
    """Open the table of a file; None where there is none, or the file has changed since."""
    try:
        table = open_store(store)
        status = path.stat() if path.exists() else None
    except (DataFileError, OSError):
        return None  # converted again
    if status is not None:
        if (status.st_size, status.st_mtime_ns) != (table.source.get("size"), table.source.get("mtime_ns")):
            return None
    return table
