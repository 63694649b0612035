"""The columnar store of NASBench-101: an uncompressed ``.npz`` file, opened by mapping its arrays."""

from __future__ import annotations

import json
import os
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from .._errors import DataFileError
from ._model_metrics import METRICS

STORE_FORMAT = 1  # raise it when the arrays or their meaning change
_ALIGNMENT = 64
_PADDING_FIELD = 0xD935  # the extra field of a zip entry that tools use to align its data


@dataclass(frozen=True)
class NASBench101Table:
    """Every cell, budget and repeat of NASBench-101, as columns; n cells, E budgets, up to R repeats.

    A metric has the shape (E, 2, R, n): each budget of ``epochs``, half way and at the end, each repeat,
    each cell; NaN where there is no such repeat.
    """

    module_hash: NDArray[np.uint8]  # (n, 16)
    X: NDArray[np.uint8]  # (n, n_features) rows of NASBench101Space, vertices in the order of the source
    key: NDArray[np.uint64]  # (n,) their canonical keys
    order: NDArray[np.int32]  # (n,) sorts the keys
    trainable_parameters: NDArray[np.int32]  # (n,)
    epochs: NDArray[np.int32]  # (E,) increasing
    training_time: NDArray[np.floating]
    train_accuracy: NDArray[np.floating]
    validation_accuracy: NDArray[np.floating]
    test_accuracy: NDArray[np.floating]
    source: dict[str, Any]  # name, size, mtime_ns and sha256 of the file that was converted

    def __len__(self) -> int:
        return len(self.X)

    @property
    def n_repeats(self) -> NDArray[np.intp]:
        """Number of repeats of each cell at each budget, shape (n, E)."""
        return (~np.isnan(self.training_time[:, 1])).sum(axis=1).T

    def check(self) -> None:
        """Check that the arrays have fitting shapes and types.

        Raises
        ------
        ValueError
            Naming the array that does not fit.
        """
        n, n_epochs = len(self.X), len(self.epochs)
        shapes: dict[str, tuple[int, ...]] = {"module_hash": (n, 16), "X": (n, 84), "epochs": (n_epochs,)}
        shapes |= dict.fromkeys(("key", "order", "trainable_parameters"), (n,))
        shapes |= dict.fromkeys(METRICS, (n_epochs, 2, self.training_time.shape[2], n))
        kinds = {"module_hash": "u1", "X": "u1", "key": "u8"} | dict.fromkeys(METRICS, "f4 f8")
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape != shape or array.dtype.str[1:] not in kinds.get(name, "i4").split():
                raise ValueError(f"{name} has shape {array.shape} and type {array.dtype}")


_ARRAYS = tuple(field.name for field in fields(NASBench101Table) if field.name != "source")


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file that takes the place of ``path`` when all has been written, and never before.

    Raises
    ------
    OSError
        Where it cannot be written; nothing is left behind then.
    """
    part = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        try:
            with open(part, "xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = f"cannot write the converted table ({error.strerror})"
        raise OSError(error.errno, reason, str(path)) from error


def write_store(path: Path, table: NASBench101Table) -> None:
    """Write a table, readable by ``numpy.load`` too, all or nothing."""
    description = {"format": STORE_FORMAT, "source": table.source}
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        archive.comment = json.dumps(description).encode()
        for name in _ARRAYS:
            entry = zipfile.ZipInfo(f"{name}.npy")
            # Data begins after a header of 30 bytes, the name, and this padding.
            start = file.tell() + 30 + len(entry.filename) + 4
            entry.extra = struct.pack("<HH", _PADDING_FIELD, -start % _ALIGNMENT) + bytes(-start % _ALIGNMENT)
            with archive.open(entry, "w") as member:
                np.lib.format.write_array(member, np.ascontiguousarray(getattr(table, name)))


def open_store(path: str | os.PathLike[str]) -> NASBench101Table:
    """Map a table into memory; only what is used is read.

    Raises
    ------
    DataFileError
        Where the file is not such a table, or not a whole one.
    """
    with open(path, "rb") as file, _refusing_damage(path), zipfile.ZipFile(file) as archive:
        description = json.loads(archive.comment)
        if description["format"] != STORE_FORMAT:
            problem = f"made by another version of skpbnas (format {description['format']}); convert again"
            raise DataFileError(path, problem)
        arrays = {name: _map_member(file, archive.getinfo(f"{name}.npy")) for name in _ARRAYS}
        table = NASBench101Table(**arrays, source=dict(description["source"]))
        table.check()
    return table


@contextmanager
def _refusing_damage(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn whatever zipfile and NumPy raise on a damaged archive into one error."""
    try:
        yield
    except DataFileError:
        raise
    except Exception as error:
        problem = f"not a converted NASBench-101 table, or damaged ({type(error).__name__}: {error})"
        raise DataFileError(path, problem) from error


def _map_member(file: IO[bytes], entry: zipfile.ZipInfo) -> NDArray:
    file.seek(entry.header_offset)
    header = file.read(30)
    if entry.compress_type != zipfile.ZIP_STORED or len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise ValueError(f"{entry.filename} is not stored as it is")
    file.seek(sum(struct.unpack_from("<HH", header, 26)), os.SEEK_CUR)
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"{entry.filename} has version {version}")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if fortran or dtype.hasobject:
        raise ValueError(f"{entry.filename} is not in row-major order, or not of numbers")
    return np.memmap(file, dtype, "r", file.tell(), shape).view(np.ndarray)


def verify_store(path: str | os.PathLike[str]) -> None:
    """Check the checksum of every array of a table.

    Raises
    ------
    DataFileError
        Naming the array that is damaged.
    """
    with open(path, "rb") as file, _refusing_damage(path), zipfile.ZipFile(file) as archive:
        damaged = archive.testzip()
        if damaged is not None:
            raise DataFileError(path, f"{damaged} is damaged; convert the original again")
