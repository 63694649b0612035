"""NumPy archives that nobody vouches for: sizes and types are checked before anything is allocated."""

from __future__ import annotations

import math
import os
import zipfile
from collections import Counter
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ._errors import refusing_damage

MAX_BYTES = 1 << 30  # of a file, and of all its arrays together; all of NASBench-101 takes 40 MB
_MAX_RATIO = 1032  # to which deflate can compress (https://zlib.net/zlib_tech.html)
_KINDS = "biufU"  # numbers, truth values and text
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_arrays(path: str | os.PathLike[str], problem: str, remedy: str) -> dict[str, NDArray]:
    """Read all arrays of an archive that ``numpy.savez`` or ``numpy.savez_compressed`` has written.

    The archive's checksum of each array is verified. Pickled objects are refused.

    Parameters
    ----------
    path : path
    problem, remedy : str
        What an error says of a file that is no such archive.

    Raises
    ------
    OSError
        Where the file cannot be opened.
    DataFileError
        Where it is no such archive, is damaged, or is larger than 1 GiB when it is unpacked.
    """
    with (
        open(path, "rb") as file,
        refusing_damage(path, problem, remedy),
        zipfile.ZipFile(file) as archive,
    ):
        entries = archive.infolist()
        _check_sizes(entries, os.fstat(file.fileno()).st_size)
        arrays = {}
        for entry in entries:
            name = entry.filename.removesuffix(".npy")
            with refusing_damage(path, problem, remedy, array=name):
                arrays[name] = _read_array(archive, entry)
        return arrays


def _check_sizes(entries: list[zipfile.ZipInfo], file_size: int) -> None:
    """Refuse an archive that would take more memory than a table can need, by what its directory says."""
    twice = [name for name, n in Counter(entry.filename for entry in entries).items() if n > 1]
    if twice:
        raise ValueError(f"{twice[0]} stands in it twice")
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise ValueError("it is compressed in a way that numpy.savez_compressed does not use")
    packed, size = (sum(getattr(entry, name) for entry in entries) for name in ("compress_size", "file_size"))
    if packed > file_size or size > _MAX_RATIO * packed or max(size, file_size) > MAX_BYTES:
        raise ValueError(f"{size} bytes in a file of {file_size} are impossible, or more than {MAX_BYTES}")


def _read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray:
    with archive.open(entry) as member:
        shape, fortran, dtype = read_header(member)
        size = math.prod(shape) * dtype.itemsize
        if entry.file_size != member.tell() + size:
            raise ValueError(f"shape {shape} and type {dtype} need {size} bytes, which there are not")
        data = bytearray(member.read())  # to the end, where zipfile compares the checksum
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read the header of a .npy file: shape, whether in Fortran's order, and type.

    Raises
    ------
    ValueError
        Where it is none, or that of another array than one of numbers or text.
    """
    version = np.lib.format.read_magic(file)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(
        version
    )
    if read is None:
        raise ValueError(f"version {version} of the format of arrays is not supported")
    shape, fortran, dtype = read(file)
    if dtype.kind not in _KINDS or not dtype.itemsize or any(n < 0 for n in shape):
        raise ValueError(f"an array of shape {shape} and type {dtype}; it must be one of numbers or text")
    return shape, fortran, dtype
