"""Pickles are read as data: numbers in containers, and nothing that runs."""

import pickle
import pickletools
from collections import OrderedDict
from fractions import Fraction

import numpy as np
import pytest

from skpbnas.datasets import DataFileError
from skpbnas.datasets._pickles import _Array, _scalar, _Type, read_pickle

TABLE = {
    "numbers": [1, 2.5, -(2**70), True, None, "text", b"bytes"],
    "nested": {3: (1.0, [2, {"x": 3}])},
    "ordered": OrderedDict(a=1),
    "scalar": np.float64(0.1),
    "single": np.float32(0.5),
}
ARRAYS = [
    np.arange(6.0).reshape(2, 3),
    np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3)),
    np.zeros((0, 2)),
]


class Evil:
    """Runs code when it is loaded by pickle itself."""

    def __reduce__(self):
        return eval, ("1 / 0",)


def read(path, content):
    path.write_bytes(content)
    return read_pickle(path, "not a table", "get another")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_numbers_in_containers_are_read_as_pickle_reads_them(tmp_path, protocol):
    assert read(tmp_path / "t", pickle.dumps(TABLE, protocol)) == TABLE
    for array, found in zip(ARRAYS, read(tmp_path / "t", pickle.dumps(ARRAYS, protocol)), strict=True):
        np.testing.assert_array_equal(np.asarray(found), array)
        assert np.asarray(found).dtype == array.dtype


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (pickle.dumps(Evil()), "builtins.eval, which a table does not need"),
        (pickle.dumps(Fraction(1, 2)), "fractions.Fraction"),
        (b"cos\nsystem\n(S'exit 1'\ntR.", "os.system"),
        (pickle.dumps(np.array([Fraction(1)], object)), "'O8' are not admitted"),
        (pickle.dumps(np.array(["a"])), "'U1' are not admitted"),
        (pickle.dumps(np.zeros(1, [("a", "f8")])), "not admitted"),
        (b"\x80\x04\x96" + (1 << 62).to_bytes(8, "little") + b".", ""),
        (b"\x80\x04" + b"cnumpy\nndarray\n" + b"}\x8c\x09__slots__K\x01sb.", "it wants to change"),
        (b"\x80\x02cnumpy.core.multiarray\nscalar\n}X\x01\x00\x00\x00aK\x01sb.", "it wants to change"),
        (b"\x80\x04\x95" + b"\xff" * 8 + b".", ""),
        (b"(" * 100_000 + b"l" * 100_000, ""),
        (b"", ""),
        (b"<html>", ""),
    ],
)
def test_whatever_else_it_wants_is_refused(tmp_path, content, problem):
    before = dict(_scalar.__dict__), dict(_Array.__dict__), dict(_Type.__dict__)
    with pytest.raises(DataFileError, match=f"not a table .*{problem}.*; get another"):
        read(tmp_path / "t", content)
    assert before == (dict(_scalar.__dict__), dict(_Array.__dict__), dict(_Type.__dict__))


def test_a_place_in_memory_that_a_program_names_costs_nothing(tmp_path):
    """Python's pickle would allocate a list of 2**32 places here."""
    content = b"\x80\x02K\x01r\xfe\xff\xff\xff."
    assert [code.name for code, *_ in pickletools.genops(content)] == [
        "PROTO",
        "BININT1",
        "LONG_BINPUT",
        "STOP",
    ]
    assert read(tmp_path / "t", content) == 1


def test_a_program_that_copies_the_same_text_again_and_again_is_stopped(tmp_path):
    text = b"X" + (1 << 20).to_bytes(4, "little") + bytes(1 << 20)
    content = b"\x80\x02c_codecs\nencode\nq\x00" + text + b"X\x06\x00\x00\x00latin1\x86q\x01"
    with pytest.raises(DataFileError, match="the same again and again"):
        read(tmp_path / "t", content + b"h\x00h\x01R" * 1000 + b".")


def test_an_array_holds_as_many_bytes_as_its_shape_needs(tmp_path):
    content = pickle.dumps(np.arange(3, dtype=np.uint8), 2)
    with pytest.raises(DataFileError, match="needs 4 bytes"):
        read(tmp_path / "t", content.replace(b"K\x03\x85", b"K\x04\x85"))
