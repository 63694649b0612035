"""TFRecord files: a length, its checksum, the data, its checksum, and so on to the end of the file.

Format: https://www.tensorflow.org/tutorials/load_data/tfrecord. A checksum is a masked CRC32C.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from os import PathLike
from typing import NamedTuple

from .._errors import DataFileError
from ._libraries import crc32c

_HEADER = struct.Struct("<QI")  # length of the data, checksum of these 8 bytes
_FOOTER = struct.Struct("<I")  # checksum of the data
_MAX_LENGTH = 1 << 16  # of one record; a row of NASBench-101 has about 400 bytes
REMEDY = "download or copy it again, or mend the program that wrote it"
_BLOCK_SIZE = 1 << 23  # bytes that one worker reads at a time

_KNOWN_STARTS = {
    b"\x1f\x8b": "it is compressed with gzip; unpack it first",
    b"PK\x03\x04": "it is a zip archive; unpack it first",
    b"\x80": "it is a Python pickle, which can run code; load it with the package that made it, such as "
    "nasbenchapi.NASBench101, if you trust it, and pass that object",
    b"<": "it is a web page; the download has failed, repeat it",
}


class Block(NamedTuple):
    """A part of a file that holds whole records."""

    offset: int  # of the first byte in the file
    size: int  # in bytes
    first_row: int


def masked_crc(data: bytes) -> int:
    """Return the checksum of data as TFRecord stores it."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def frame(data: bytes) -> bytes:
    """Return data as a record of a TFRecord file."""
    length = struct.pack("<Q", len(data))
    return length + _FOOTER.pack(masked_crc(length)) + data + _FOOTER.pack(masked_crc(data))


def scan_blocks(path: str | PathLike[str]) -> Iterator[Block]:
    """Divide a file into blocks of whole records, and check the checksums of the records' lengths.

    Yields
    ------
    Block

    Raises
    ------
    DataFileError
        Where a length is damaged, or the file is empty or ends within a record.
    """
    offset = row = 0
    rest = b""
    with open(path, "rb") as file:
        while data := file.read(_BLOCK_SIZE):
            data = rest + data
            starts, size = _record_starts(path, data, offset, row)
            rest = data[size:]
            if starts:
                yield Block(offset, size, row)
            offset += size
            row += len(starts)
    if rest:
        raise DataFileError(path, "truncated: the file ends within this row", row, offset, remedy=REMEDY)
    if row == 0:
        raise DataFileError(path, "the file is empty", remedy=REMEDY)


def read_records(path: str | PathLike[str], block: Block) -> tuple[list[bytes], list[int]]:
    """Return the records of a block and where in the file each begins; all checksums are checked."""
    with open(path, "rb") as file:
        file.seek(block.offset)
        data = file.read(block.size)
    starts, size = _record_starts(path, data, block.offset, block.first_row)
    if size != block.size:
        raise DataFileError(path, "the file has changed while it was read", remedy="read it again")
    records = []
    for k, (start, end) in enumerate(zip(starts, [*starts[1:], size], strict=True)):
        record = data[start + 12 : end - 4]
        if _FOOTER.unpack_from(data, end - 4)[0] != masked_crc(record):
            problem = "the checksum of this row does not match its data; the file is damaged"
            raise DataFileError(path, problem, block.first_row + k, block.offset + start, remedy=REMEDY)
        records.append(record)
    return records, [block.offset + start for start in starts]


def _record_starts(path: str | PathLike[str], data: bytes, offset: int, row: int) -> tuple[list[int], int]:
    """Return where each whole record of data begins, and where the first incomplete one does."""
    starts: list[int] = []
    lengths: dict[bytes, int] = {}  # the few different headers of a file, checked once
    position = 0
    while len(header := data[position : position + 12]) == 12:
        length = lengths.get(header)
        if length is None:
            length, checksum = _HEADER.unpack(header)
            if checksum != masked_crc(header[:8]):
                problem = _why_no_record(data, at_start=offset + position == 0)
                raise DataFileError(path, problem, row + len(starts), offset + position, remedy=REMEDY)
            if length > _MAX_LENGTH:
                problem = f"a record of {length} bytes, but a row has at most {_MAX_LENGTH}; not NASBench-101"
                raise DataFileError(path, problem, row + len(starts), offset + position, remedy=REMEDY)
            lengths[header] = length
        end = position + length + 16
        if end > len(data):
            break
        starts.append(position)
        position = end
    return starts, position


def _why_no_record(data: bytes, at_start: bool) -> str:
    if not at_start:
        return "the checksum of this row's length does not match; the file is damaged"
    for start, reason in _KNOWN_STARTS.items():
        if data.lstrip().startswith(start):
            return f"not a TFRecord file: {reason}"
    return "not a TFRecord file, or its first bytes are damaged"
