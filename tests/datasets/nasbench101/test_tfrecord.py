"""Properties of the framing: what is written is read, and no damage goes unseen."""

import gzip
import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from official_format import FIRST_OFFICIAL_RECORD

from skpbnas.datasets import DataFileError
from skpbnas.datasets.nasbench101 import _tfrecord
from skpbnas.datasets.nasbench101._tfrecord import frame, masked_crc, read_records, scan_blocks

RECORDS = [b"first", b"", b"third record", b"x" * 300]


def read(path):
    return [record for block in scan_blocks(path) for record in read_records(path, block)[0]]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.tfrecord"


@pytest.mark.parametrize(("data", "crc"), [(bytes(32), 0x8A9136AA), (b"123456789", 0xE3069283)])
def test_the_checksum_is_the_masked_crc32c(data, crc):
    # The values of RFC 3720; the mask is that of TFRecord.
    assert masked_crc(data) == ((crc >> 15 | crc << 17) + 0xA282EAD8) % 2**32


def test_the_first_record_of_the_official_file_has_this_framing(path):
    path.write_bytes(FIRST_OFFICIAL_RECORD)
    [record] = read(path)
    assert frame(record) == FIRST_OFFICIAL_RECORD


@pytest.mark.parametrize("block_size", [350, 1 << 20])
def test_records_are_read_as_written_wherever_blocks_end(path, monkeypatch, block_size):
    monkeypatch.setattr(_tfrecord, "_BLOCK_SIZE", block_size)
    path.write_bytes(b"".join(map(frame, RECORDS * 5)))
    assert read(path) == RECORDS * 5
    for block in scan_blocks(path):
        records, offsets = read_records(path, block)
        for k, (record, offset) in enumerate(zip(records, offsets, strict=True)):
            assert path.read_bytes()[offset : offset + len(record) + 16] == frame(record)
            assert record == (RECORDS * 5)[block.first_row + k]


def test_every_flipped_bit_is_found(path):
    whole = b"".join(map(frame, RECORDS))
    starts = [0, *(len(b"".join(map(frame, RECORDS[:k]))) for k in range(1, len(RECORDS)))]
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        with pytest.raises(DataFileError, match="damaged|not a TFRecord") as info:
            read(path)
        assert info.value.offset == max(start for start in starts if start <= position)
        assert info.value.path == str(path)


def test_a_file_cut_within_a_record_is_truncated(path):
    whole = b"".join(map(frame, RECORDS))
    borders = {len(b"".join(map(frame, RECORDS[:k]))) for k in range(len(RECORDS) + 1)}
    for size in range(1, len(whole)):
        path.write_bytes(whole[:size])
        if size in borders:
            assert read(path) == RECORDS[: len(read(path))]
        else:
            with pytest.raises(DataFileError, match="truncated"):
                read(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (gzip.compress(b"".join(map(frame, RECORDS)), mtime=0), "gzip"),
        (b"\n<!DOCTYPE html><html><body>403 Forbidden</body></html>", "web page"),
        (b"PK\x03\x04 and so on", "zip archive"),
        (b"\x80\x04\x95 and so on", "pickle"),
        (b"some other text that is long enough", "not a TFRecord file"),
    ],
)
def test_another_kind_of_file_is_named(path, content, message):
    path.write_bytes(content)
    with pytest.raises(DataFileError, match=message):
        read(path)


def test_a_directory_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        read(tmp_path)
    with pytest.raises(FileNotFoundError, match="absent"):
        read(tmp_path / "absent")


@pytest.mark.parametrize("length", [1 << 17, 1 << 40, 2**64 - 1])
def test_a_record_of_absurd_length_is_refused_before_it_is_read(path, length):
    header = struct.pack("<Q", length)
    path.write_bytes(header + struct.pack("<I", masked_crc(header)) + bytes(100))
    with pytest.raises(DataFileError, match=f"record of {length} bytes"):
        read(path)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.tfrecord"
    path.write_bytes(data)
    with pytest.raises(DataFileError):
        read(path)


def test_without_the_extra_reading_says_what_to_install():
    code = (
        "import sys; sys.modules['google_crc32c'] = None\n"
        "import skpbnas.datasets\n"  # the rest of the package does not need it
        "from skpbnas.datasets.nasbench101._tfrecord import masked_crc\n"
        "try:\n    masked_crc(b'')\nexcept ImportError as error:\n    print(error)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'skpbnas[nasbench]'" in result.stdout
