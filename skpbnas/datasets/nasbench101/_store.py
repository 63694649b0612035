"""The columnar store of NASBench-101: an uncompressed ``.npz`` file, opened by mapping its arrays."""

from __future__ import annotations

import json
import math
import os
import struct
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ..._files import replacing
from ...spaces import Rows
from .._errors import DataFileError, refusing_damage
from .._npz import read_header
from ._model_metrics import METRICS

STORE_FORMAT = 1  # raise it when the arrays or their meaning change
_REMEDY = "convert the original again"
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
        return len(self.key)

    @property
    def n_repeats(self) -> NDArray[np.intp]:
        """Number of repeats of each cell at each budget, shape (n, E)."""
        return (~np.isnan(self.training_time[:, 1])).sum(axis=1).T

    def peek(self, places: slice) -> Rows:
        """Return some rows of X, not verified where the table is in a file."""
        return self.X[places]


_ARRAYS = tuple(field.name for field in fields(NASBench101Table) if field.name != "source")


def write_store(path: Path, table: NASBench101Table) -> None:
    """Write a table, readable by ``numpy.load`` too, all or nothing.

    Raises
    ------
    OSError
        Where it cannot be written; nothing is left behind then.
    """
    try:
        with replacing(path) as file:
            _write(file, table)
    except OSError as error:
        reason = f"cannot write the converted table ({error.strerror})"
        raise OSError(error.errno, reason, str(path)) from error


def _write(file: IO[bytes], table: NASBench101Table) -> None:
    description = {"format": STORE_FORMAT, "source": table.source, "checksum": _checksum(table.source)}
    with zipfile.ZipFile(file, "w") as archive:
        archive.comment = json.dumps(description).encode()
        for name in _ARRAYS:
            entry = zipfile.ZipInfo(f"{name}.npy")
            # Data begins after a header of 30 bytes, the name, and this padding.
            start = file.tell() + 30 + len(entry.filename) + 4
            entry.extra = struct.pack("<HH", _PADDING_FIELD, -start % _ALIGNMENT) + bytes(-start % _ALIGNMENT)
            with archive.open(entry, "w") as member:
                np.lib.format.write_array(member, np.ascontiguousarray(getattr(table, name)))


class StoredTable(NASBench101Table):
    """A table in a file, of which each array is verified when it is first used."""

    _path: str | os.PathLike[str]
    _members: dict[str, _Member]

    def __init__(
        self, path: str | os.PathLike[str], members: dict[str, _Member], source: dict[str, Any]
    ) -> None:
        # The class is frozen, and its arrays stay undefined until __getattr__ is asked for them.
        self.__dict__.update(_path=path, _members=members, source=source)

    def __getattr__(self, name: str) -> NDArray:
        if name not in _ARRAYS:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        member = self._members[name]
        if crc32(member.content.data) != member.checksum:
            problem = "the checksum does not match the data; the file is damaged"
            raise DataFileError(self._path, problem, array=name, remedy=_REMEDY)
        self.__dict__[name] = member.array
        return member.array

    def __reduce__(self) -> tuple:
        # By value, since another machine need not have the file.
        return NASBench101Table, (*(getattr(self, name) for name in _ARRAYS), self.source)

    def peek(self, places: slice) -> Rows:
        """Return some rows of X, not verified."""
        return self._members["X"].array[places]

    def verify(self) -> None:
        """Verify all arrays, used or not.

        Raises
        ------
        DataFileError
            Naming the array that is damaged.
        """
        for name in _ARRAYS:
            getattr(self, name)


def open_store(path: str | os.PathLike[str]) -> StoredTable:
    """Map a table into memory; only what is used is read, and verified then.

    Raises
    ------
    DataFileError
        Where the file is not such a table, or not a whole one.
    """
    with (
        open(path, "rb") as file,
        refusing_damage(path, "not a converted NASBench-101 table, or damaged", _REMEDY),
        zipfile.ZipFile(file) as archive,
    ):
        description = json.loads(archive.comment)
        if description["format"] != STORE_FORMAT:
            problem = f"made by another version of skpbnas (format {description['format']})"
            raise DataFileError(path, problem, remedy=_REMEDY)
        source = dict(description["source"])
        if not isinstance(source["name"], str):
            raise ValueError(f"the name of its source is {source['name']!r}")
        # The tables of version 0.1.0 have no checksum of their description.
        if description.get("checksum", checksum := _checksum(source)) != checksum:
            raise ValueError("the checksum of its description does not match")
        members = {name: _map_member(file, archive.getinfo(f"{name}.npy")) for name in _ARRAYS}
        _check_types({name: member.array for name, member in members.items()})
        table = StoredTable(path, members, source)
        _check_order(table)
    return table


def _checksum(source: dict[str, Any]) -> int:
    return crc32(json.dumps(source, sort_keys=True).encode())


def _check_types(arrays: dict[str, NDArray]) -> None:
    """Check that arrays have fitting shapes and types; an error names the first one that has not."""
    n, n_epochs = len(arrays["X"]), len(arrays["epochs"])
    shapes: dict[str, tuple[int, ...]] = {"module_hash": (n, 16), "X": (n, 84), "epochs": (n_epochs,)}
    shapes |= dict.fromkeys(("key", "order", "trainable_parameters"), (n,))
    shapes |= dict.fromkeys(METRICS, (n_epochs, 2, arrays["training_time"].shape[2], n))
    kinds = {"module_hash": "u1", "X": "u1", "key": "u8"} | dict.fromkeys(METRICS, "f4 f8")
    for name, shape in shapes.items():
        array = arrays[name]
        if array.shape != shape or array.dtype.str[1:] not in kinds.get(name, "i4").split():
            raise ValueError(f"{name} has shape {array.shape} and type {array.dtype}")


def _check_order(table: NASBench101Table) -> None:
    """Check that there are cells and budgets, and that both can be looked up."""
    if not len(table) or not len(table.epochs):
        raise ValueError("it holds no trained cells")
    increasing: dict[str, NDArray] = {"epochs": table.epochs, "key in its order": table.key[table.order]}
    for name, values in increasing.items():
        if not (values[1:] > values[:-1]).all():
            raise ValueError(f"{name} does not increase")


class _Member(NamedTuple):
    """An array in the file."""

    content: NDArray[np.uint8]  # all its bytes, header included
    array: NDArray
    checksum: int  # of the content


def _map_member(file: IO[bytes], entry: zipfile.ZipInfo) -> _Member:
    file.seek(entry.header_offset)
    header = file.read(30)
    if entry.compress_type != zipfile.ZIP_STORED or len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise ValueError(f"{entry.filename} is not stored as it is")
    file.seek(sum(struct.unpack_from("<HH", header, 26)), os.SEEK_CUR)
    start = file.tell()
    shape, fortran, dtype = read_header(file)
    if fortran or dtype.kind == "U":
        raise ValueError(f"{entry.filename} is not in row-major order, or not of numbers")
    header_size = file.tell() - start
    if entry.file_size != header_size + math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{entry.filename} has not the {entry.file_size} bytes of shape {shape}")
    content = np.memmap(file, np.uint8, "r", start, (entry.file_size,)).view(np.ndarray)
    return _Member(content, content[header_size:].view(dtype).reshape(shape), entry.CRC)
