"""A disk that remembers every write and every flush, so that the power can fail at any of them afterwards.

A FUSE file system holds one file, which a loop device makes a disk of. Whatever the kernel's own file
system writes to it goes through here, and is put down in order with the flushes that are asked for. A disk
may lose, or write in any order, what came after its last flush: :func:`after_power_loss` makes such a disk
of the record.

Needs Linux, root, libfuse 2 and ``pip install fusepy``.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

SIZE = 32 * 2**20
SECTOR = 512  # what a disk writes whole or not at all
WRITE, FLUSH, MARK = range(3)
_HEAD = struct.Struct("<BQQ")  # what, where, how long
# Without checksums: a superblock of 1024 bytes that is written by half could else not be mounted at all.
MAKE = ["mkfs.ext4", "-q", "-F", "-O", "^metadata_csum", "-E", "nodiscard,lazy_itable_init=0"]


class Event(NamedTuple):
    """One thing that happened to the disk; a mark is a number that the program under test put there."""

    kind: int
    offset: int
    data: bytes


def _serve(folder: Path, log: Path) -> None:
    from fuse import FUSE, FuseOSError, Operations

    content, record = bytearray(SIZE), log.open("ab", buffering=0)

    def put(kind: int, offset: int, data: bytes) -> None:
        record.write(_HEAD.pack(kind, offset, len(data)) + data)

    class Disk(Operations):
        def getattr(self, path: str, fh: Any = None) -> dict[str, Any]:
            if path == "/":
                return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}
            if path not in ("/disk", "/mark"):
                raise FuseOSError(errno.ENOENT)
            return {
                "st_mode": stat.S_IFREG | 0o600,
                "st_nlink": 1,
                "st_size": SIZE if path == "/disk" else 0,
            }

        def read(self, path: str, size: int, offset: int, fh: Any) -> bytes:
            return bytes(content[offset : offset + size])

        def write(self, path: str, data: bytes, offset: int, fh: Any) -> int:
            if path == "/mark":
                put(MARK, 0, data)
            else:
                content[offset : offset + len(data)] = data
                put(WRITE, offset, data)
            return len(data)

        def fsync(self, path: str, datasync: int, fh: Any) -> int:
            put(FLUSH, 0, b"")
            return 0

        def truncate(self, path: str, length: int, fh: Any = None) -> int:
            return 0

    FUSE(Disk(), str(folder), foreground=True, nothreads=True)


@contextmanager
def mounted(disk: Path, folder: Path) -> Iterator[Path]:
    """Mount a disk, and give a folder on it."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", "loop", str(disk), str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def recorded(folder: Path) -> Iterator[tuple[Path, Any]]:
    """Yield a folder on a new disk, and what puts a mark into its record, ``folder / "record"``."""
    served = folder / "served"
    served.mkdir()
    server = os.fork()
    if not server:
        try:
            _serve(served, folder / "record")
        finally:
            os._exit(0)
    try:
        end = time.monotonic() + 30
        while not (served / "disk").exists():
            if time.monotonic() > end:
                raise RuntimeError("FUSE did not start: it needs root, libfuse 2 and fusepy")
            time.sleep(0.05)
        subprocess.run([*MAKE, str(served / "disk")], check=True)
        mark = os.open(served / "mark", os.O_WRONLY)
        with mounted(served / "disk", folder / "on disk") as place:
            yield place, lambda number: os.write(mark, str(number).encode())
        os.close(mark)
    finally:
        subprocess.run(["umount", "--lazy", str(served)], check=False)
        os.waitpid(server, 0)


def read_record(path: Path) -> list[Event]:
    """Return all that happened, in order."""
    data, place, events = path.read_bytes(), 0, []
    while place < len(data):
        kind, offset, length = _HEAD.unpack_from(data, place)
        place += _HEAD.size
        events.append(Event(kind, offset, data[place : place + length]))
        place += length
    return events


def after_power_loss(events: list[Event], kept: float, rng: np.random.Generator) -> bytearray:
    """Return the disk after the power failed at the end of these events.

    Parameters
    ----------
    events : list of Event
    kept : float
        The share of the sectors written after the last flush that have reached the disk.
    rng : Generator
        Chooses which.
    """
    content = bytearray(SIZE)
    flushed = max((k for k, event in enumerate(events) if event.kind == FLUSH), default=0)
    for k, (kind, offset, data) in enumerate(events):
        if kind != WRITE:
            continue
        if k < flushed:
            content[offset : offset + len(data)] = data
            continue
        for start in range(0, len(data), SECTOR):
            if rng.random() < kept:
                content[offset + start : offset + start + SECTOR] = data[start : start + SECTOR]
    return content
