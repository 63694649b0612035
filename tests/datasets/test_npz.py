"""Archives from anywhere: checksums are verified, and nothing is allocated that the file cannot fill."""

import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from skpbnas.datasets import DataFileError, _npz
from skpbnas.datasets._npz import read_arrays

ARRAYS = {
    "counts": np.arange(12, dtype=np.uint8).reshape(3, 4),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "text": np.array(["a", "bc"]),
    "truth": np.array([True, False]),
    "one": np.array(3.5),
    "none": np.zeros((0, 3)),
}


def read(path):
    return read_arrays(path, "not a table", "make it again")


def header(shape, dtype="<f8"):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_all_arrays_are_read_as_numpy_reads_them(tmp_path, save):
    save(tmp_path / "table.npz", **ARRAYS)
    arrays = read(tmp_path / "table.npz")
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype and arrays[name].flags.writeable


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_damaged_byte_never_changes_a_value(tmp_path, save):
    path = tmp_path / "table.npz"
    save(path, values=np.linspace(0, 1, 20))
    whole, expected = path.read_bytes(), read(path)
    for position in range(0, len(whole), 5):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        try:
            arrays = read(path)
        except DataFileError as error:
            assert error.remedy == "make it again"
        else:  # a byte that means nothing, or that is only in a name
            np.testing.assert_array_equal(*arrays.values(), *expected.values())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (header((1 << 40,)), "need 8796093022208 bytes"),
        (header((3,)) + bytes(23), r"shape \(3,\) and type float64 need 24 bytes"),
        (header((3,)) + bytes(25), "need 24 bytes"),
        (header((-1,)) + bytes(8), "must be one of numbers or text"),
        (header((1,), "|O") + bytes(8), "must be one of numbers or text"),
        (header((1,), [("a", "<f8")]) + bytes(8), "must be one of numbers or text"),
        (header((1 << 40,), "<U0"), "must be one of numbers or text"),
        (b"\x93NUMPY\x03\x00" + bytes(100), "version"),
        (b"\x93NUMPY\x01\x00" + struct.pack("<H", 60000) + b"(" * 60000, ""),
        (b"", "magic string"),
    ],
    ids=["huge", "short", "long", "negative", "objects", "records", "nothing", "version", "nested", "empty"],
)
def test_arrays_that_cannot_be_are_refused(tmp_path, content, problem):
    with zipfile.ZipFile(tmp_path / "table.npz", "w") as archive:
        archive.writestr("values.npy", content)
    message = f"table.npz, array values: not a table .*{problem}.*; make it again"
    with pytest.raises(DataFileError, match=message):
        read(tmp_path / "table.npz")


def test_a_bomb_is_refused_before_it_unfolds(tmp_path, monkeypatch):
    path = tmp_path / "table.npz"
    np.savez_compressed(path, x=np.zeros(1 << 18))
    monkeypatch.setattr(_npz, "MAX_BYTES", 1 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(DataFileError, match="are impossible, or more than 1048576"):
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 1 << 19
    finally:
        tracemalloc.stop()


def test_a_size_that_the_file_cannot_hold_is_refused(tmp_path):
    path = tmp_path / "table.npz"
    np.savez_compressed(path, x=np.zeros(100))
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\x01\x02") + 24  # the unpacked size in the directory
    content[place : place + 4] = struct.pack("<I", 1 << 29)
    path.write_bytes(content)
    with pytest.raises(DataFileError, match="536870912 bytes in a file of .* are impossible"):
        read(path)


def test_what_numpy_does_not_write_is_refused(tmp_path):
    path = tmp_path / "table.npz"
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.writestr("x.npy", header((0,)))
        with pytest.raises(DataFileError, match="compressed in a way"):
            read(path)
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("x.npy", header((0,)))
        archive.writestr("x.npy", header((0,)))
    with pytest.raises(DataFileError, match="twice"):
        read(path)
