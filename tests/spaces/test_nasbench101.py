"""NASBench-101: its size, its official hashes, its cache."""

import io
import json

import numpy as np
import pytest

from skpbnas import CellSpace, NASBench101Space
from skpbnas.datasets import TabularBenchmark
from skpbnas.spaces import NASBENCH101_OPERATIONS
from skpbnas.spaces._encoding import cells_to_graphs
from skpbnas.spaces._module_hash import hash_modules


@pytest.fixture(scope="module")
def space() -> NASBench101Space:
    return NASBench101Space()


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SKPBNAS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.slow
def test_there_are_423624_unique_valid_cells(space, empty_cache):
    X = space.enumerate()
    assert X.shape == (423_624, 84)
    assert len(np.unique(space.canonical_key(X))) == len(space) == 423_624
    assert space.is_valid(X).all()
    np.testing.assert_array_equal(space.canonicalize(X[::50]), X[::50])


def test_there_are_2532_cells_of_at_most_five_vertices():
    assert len(CellSpace(5, NASBENCH101_OPERATIONS, 9)) == 2532


def test_all_official_hash_vectors_agree(space, shared_data):
    vectors = json.loads((shared_data / "nasbench101_hash_vectors.json").read_text())
    assert len(vectors) == 640
    unlimited = CellSpace(7, NASBENCH101_OPERATIONS)
    names = ("input", *NASBENCH101_OPERATIONS, "output")
    for vector in vectors:
        cell = (vector["matrix"], vector["ops"])
        if vector["in_space"]:
            assert space.module_hash(space.encode([cell]))[0] == vector["module_hash"]
            continue
        with pytest.raises(
            ValueError, match="no path" if vector["module_hash"] is None else "more than 9 edges"
        ):
            space.encode([cell])
        if vector["module_hash"] is not None:
            pruned = cells_to_graphs(unlimited.decode(unlimited.encode([cell])), names, 7)
            assert hash_modules(pruned)[0] == vector["module_hash"]


def test_the_table_of_all_cells_is_the_enumerated_space(space, shared_data):
    path = shared_data / "nasbench101_test_accuracy.npz"
    table = TabularBenchmark.from_npz(path)
    assert set(space.canonical_key(table.X).tolist()) == set(space.canonical_key(space.enumerate()).tolist())
    some = np.random.default_rng(0).choice(len(table), 2000, replace=False)
    official = [digest.tobytes().hex() for digest in np.load(path)["module_hash"][some]]
    assert space.module_hash(table.X[some]).tolist() == official


@pytest.mark.parametrize("damage", ["cut short", "empty", "one bit", "others"])
def test_a_damaged_cache_is_made_again(empty_cache, monkeypatch, damage):
    expected = CellSpace(4, ["a", "b"]).enumerate()
    (file,) = empty_cache.iterdir()
    content = file.read_bytes()
    flipped = bytearray(content)
    flipped[content.index(b"NUMPY") + 130] ^= 1  # the first number behind the header
    others = io.BytesIO()
    np.savez(others, children=np.zeros((3, 2), np.uint8), labels=np.zeros((3, 2), np.uint8))
    damaged = {
        "cut short": content[:-5],
        "empty": b"",
        "one bit": bytes(flipped),
        "others": others.getvalue(),
    }
    file.write_bytes(damaged[damage])
    np.testing.assert_array_equal(CellSpace(4, ["a", "b"]).enumerate(), expected)
    monkeypatch.delattr("skpbnas.spaces._enumeration.enumerate_cells")  # now the cache is all there is
    np.testing.assert_array_equal(CellSpace(4, ["a", "b"]).enumerate(), expected)


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SKPBNAS_CACHE", str(tmp_path / "file"))
    assert len(CellSpace(4, ["a", "b"])) == len(CellSpace(4, ["a", "b"]).enumerate())
