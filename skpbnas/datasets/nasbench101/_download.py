"""Download the official NASBench-101 files: resumable, checked, and never over an existing file."""

from __future__ import annotations

import errno
import os
import time
from hashlib import file_digest
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tqdm.auto import tqdm

from ...spaces._enumeration import cache_folder
from .._errors import DataFileError

_TIMEOUT = 60  # seconds without a byte
_CHUNK = 1 << 20
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


class OfficialFile(NamedTuple):
    """An official file, as the README of google-research/nasbench describes it."""

    url: str
    sha256: str
    max_size: int  # bytes, above the true size; what sends more is not this file


OFFICIAL_FILES = {
    "only108": OfficialFile(
        "https://storage.googleapis.com/nasbench/nasbench_only108.tfrecord",
        "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1",
        1 << 30,
    ),
    "full": OfficialFile(
        "https://storage.googleapis.com/nasbench/nasbench_full.tfrecord",
        "3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c",
        3 << 30,
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
        Where what was received is not the official file, or has no end; it is removed.
    OSError
        Where the connection fails for good; what was received stays for the next call.
    """
    if which not in OFFICIAL_FILES:
        raise ValueError(f"which={which!r} is unknown; choose from {sorted(OFFICIAL_FILES)}")
    official = OFFICIAL_FILES[which]
    target = Path(folder or cache_folder()) / official.url.rsplit("/", 1)[1]
    return download(official, target, retries=retries, progress=progress)


def download(
    official: OfficialFile, target: Path, *, retries: int = 5, pause: float = 1.0, progress: bool = False
) -> Path:
    """Download a file to ``target`` by way of ``target.part``; see :func:`download_nasbench101`."""
    _refuse_existing(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        with tqdm(unit="B", unit_scale=True, desc=target.name, disable=not progress) as bar:
            _fetch_all(official, part, bar, retries, pause)
    except DataFileError:
        part.unlink(missing_ok=True)
        raise
    with open(part, "rb") as file:
        received = file_digest(file, "sha256").hexdigest()
    if received != official.sha256:
        part.unlink()
        problem = f"SHA-256 {received} instead of {official.sha256}; it was removed"
        raise DataFileError(target, problem, remedy="download again")
    _refuse_existing(target)
    os.rename(part, target)
    return target


def _fetch_all(official: OfficialFile, part: Path, bar: Any, retries: int, pause: float) -> None:
    """Connect until the file is complete, or nothing more comes."""
    url = official.url
    failures, most = 0, _size(part)
    while True:
        try:
            if _fetch(official, part, bar):
                return
            problem: Exception = ConnectionError("the connection was closed before the end")
        except HTTPError as error:
            if error.code < 500 and error.code not in _PASSING:
                raise OSError(f"{url}: the server answers {error.code} {error.reason}") from error
            problem = error
        except (OSError, HTTPException) as error:
            if isinstance(error, OSError) and error.filename:  # the disk, not the network
                raise
            problem = error
        failures = 0 if _size(part) > most else failures + 1
        most = max(most, _size(part))
        if failures > retries:
            message = f"{url}: {problem}; {_size(part)} bytes are kept in {part}, call again to go on"
            raise OSError(message) from problem
        time.sleep(pause * failures)


def _fetch(official: OfficialFile, part: Path, bar: Any) -> bool:
    """Append what is missing, and tell whether that is now all, by the length that the server tells."""
    have = _size(part)
    request = Request(official.url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urlopen(request, timeout=_TIMEOUT)
    except HTTPError as error:
        if error.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not have:
            raise
        if error.headers.get("Content-Range") == f"bytes */{have}":
            return True
        part.unlink()  # longer than the original: not a part of it
        return False
    with response:
        if not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            have = 0  # the server sends all of it
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdecimal() else None
        bar.total, bar.n = total, have
        _refuse_oversize(official, total or have)
        with open(part, "ab" if have else "wb") as file:
            while chunk := response.read(_CHUNK):
                _refuse_oversize(official, file.tell() + len(chunk))
                _write(file, chunk)
                bar.update(len(chunk))
    return total is None or _size(part) == total


def _refuse_oversize(official: OfficialFile, size: int) -> None:
    if size > official.max_size:
        problem = f"the server sends {size} bytes or more, but the file has fewer than {official.max_size}"
        remedy = "see whether something else answers in its place, and download again"
        raise DataFileError(official.url, f"{problem}; what was received is removed", remedy=remedy)


def _write(file: IO[bytes], chunk: bytes) -> None:
    try:
        file.write(chunk)
        file.flush()
    except OSError as error:
        raise OSError(error.errno, f"cannot write ({error.strerror})", file.name) from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise FileExistsError(
            errno.EEXIST, "is there already; load it, or remove it to download it again", str(target)
        )
