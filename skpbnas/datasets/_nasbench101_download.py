"""Download the official NASBench-101 files: resumable, checked, and never over an existing file."""

from __future__ import annotations

import os
import time
from hashlib import file_digest
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tqdm.auto import tqdm

from ..spaces._enumeration import cache_folder
from ._tfrecord import DataFileError

_TIMEOUT = 60  # seconds without a byte
_CHUNK = 1 << 20


class OfficialFile(NamedTuple):
    """An official file, as the README of google-research/nasbench describes it."""

    url: str
    size: int
    sha256: str


OFFICIAL_FILES = {
    "only108": OfficialFile(
        "https://storage.googleapis.com/nasbench/nasbench_only108.tfrecord",
        522_767_376,
        "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1",
    ),
    "full": OfficialFile(
        "https://storage.googleapis.com/nasbench/nasbench_full.tfrecord",
        2_085_986_016,
        "3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c",
    ),
}


def download_nasbench101(
    which: str = "only108",
    folder: str | os.PathLike[str] | None = None,
    *,
    retries: int = 5,
    progress: bool = True,
) -> Path:
    """Download an official file of NASBench-101, or go on with a download that was interrupted.

    Parameters
    ----------
    which : {"only108", "full"}, default="only108"
        Only the runs of 108 epochs (499 MiB), or all runs (1.94 GiB).
    folder : path, default=None
        None takes the cache folder, where :func:`load_nasbench101` looks.
    retries : int, default=5
        How often to connect again, with growing pauses, when a connection brings nothing more.
    progress : bool, default=True
        Whether to show a progress bar.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileExistsError
        Where there is a file of that name already.
    DataFileError
        Where what was received is not the official file; it is removed.
    OSError
        Where the connection fails for good; what was received stays for the next call.
    """
    if which not in OFFICIAL_FILES:
        raise ValueError(f"which={which!r} is unknown; choose from {sorted(OFFICIAL_FILES)}")
    official = OFFICIAL_FILES[which]
    target = Path(folder or cache_folder()) / official.url.rsplit("/", 1)[1]
    return download(official.url, target, official.sha256, retries=retries, progress=progress)


def download(url: str, target: Path, sha256: str, *, retries: int = 5, progress: bool = False) -> Path:
    """Download ``url`` to ``target`` by way of ``target.part``; see :func:`download_nasbench101`."""
    _refuse_existing(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    failures = 0
    with tqdm(unit="B", unit_scale=True, desc=target.name, disable=not progress) as bar:
        while True:
            before = _size(part)
            try:
                if _fetch(url, part, bar):
                    break
                problem: Exception = OSError(f"{url}: the connection was closed before the end")
            except HTTPError as error:
                if error.code < 500 and error.code not in (408, 429):
                    raise OSError(f"{url}: the server answers {error.code} {error.reason}") from error
                problem = error
            except (OSError, HTTPException) as error:
                if isinstance(error, OSError) and error.filename:  # not the network but the disk
                    raise
                problem = error
            failures = 0 if _size(part) > before else failures + 1
            if failures > retries:
                message = f"{url}: {problem}; {_size(part)} bytes are kept in {part}, call again to go on"
                raise OSError(message) from problem
            time.sleep(min(2.0**failures, 30) * _PAUSE if failures else 0)
    with open(part, "rb") as file:
        received = file_digest(file, "sha256").hexdigest()
    if received != sha256:
        part.unlink()
        raise DataFileError(target, f"SHA-256 {received} instead of {sha256}; it was removed, download again")
    _refuse_existing(target)
    os.rename(part, target)
    return target
