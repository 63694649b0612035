"""Files that are there whole or not at all, also after a power loss."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import numpy as np


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file that takes the place of ``path`` once it is whole; otherwise that stays as it was.

    A file that is replaced hands on its mode and owner, and a link stays one.

    Raises
    ------
    OSError
        Where it cannot be written; nothing is left behind then.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    new = target.with_name(f".{target.name}.{uuid4().hex}.tmp")
    try:
        with new.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        take_place(new, target)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def take_place(new: Path, target: Path) -> None:
    """Put a file that is on the disk into the place of another, with the other's mode and owner."""
    if target.exists():
        old = target.stat()
        if hasattr(os, "chown"):
            with suppress(PermissionError):  # only the superuser may give files away
                os.chown(new, old.st_uid, old.st_gid)
        os.chmod(new, old.st_mode & 0o7777)  # after chown, which may clear bits
    os.replace(new, target)
    if hasattr(os, "O_DIRECTORY"):  # without this a power loss could bring the old file back
        folder = os.open(target.parent, os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def save_arrays(path: Path, **arrays: Any) -> None:
    """Write a NumPy archive in one step."""
    with replacing(path) as file:
        np.savez(file, **arrays)
