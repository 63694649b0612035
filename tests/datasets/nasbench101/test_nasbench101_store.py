"""The store: what is written is read, half a file never opens, and damage is found."""

import json
import pickle
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from official_format import METRICS, random_rows, write_file

from skpbnas.datasets import DataFileError, NASBench101Benchmark
from skpbnas.datasets.nasbench101 import _store
from skpbnas.datasets.nasbench101._convert import convert_file
from skpbnas.datasets.nasbench101._store import open_store, replacing, write_store

ARRAYS = ("module_hash", "X", "key", "order", "trainable_parameters", "epochs", *METRICS)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rows = random_rows(np.random.default_rng(0), n_cells=10, epochs=(4, 108))
    return convert_file(write_file(tmp_path_factory.mktemp("store") / "file.tfrecord", rows[:-1]), n_jobs=1)


@pytest.fixture(scope="module")
def store(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "table.npz"
    write_store(path, table)
    return path


def test_what_is_written_is_mapped(table, store):
    read = open_store(store)
    for name in ARRAYS:
        array = getattr(read, name)
        np.testing.assert_array_equal(array, getattr(table, name))
        assert array.dtype == getattr(table, name).dtype
        assert array.ctypes.data % 64 == 0
        assert not array.flags.writeable and not array.flags.owndata
    assert read.source == table.source


def test_numpy_reads_it_too(table, store):
    with np.load(store) as file:
        assert set(file.files) == set(ARRAYS)
        np.testing.assert_array_equal(file["test_accuracy"], table.test_accuracy)


def test_other_people_may_read_it_where_they_may_read_new_files(store):
    (new := store.with_name("new")).touch()
    assert store.stat().st_mode == new.stat().st_mode


def test_an_interrupted_conversion_leaves_what_was_there(tmp_path):
    path = tmp_path / "table.npz"
    path.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt), replacing(path) as file:
        file.write(b"half of it")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


DISK_FULL = """
import resource, signal, sys
from pathlib import Path
from skpbnas.datasets.nasbench101._store import open_store, write_store
table, path = open_store(sys.argv[1]), Path(sys.argv[2])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
try:
    write_store(path, table)
except OSError as error:
    assert error.filename == str(path), error.filename
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files by a POSIX call")
def test_a_full_disk_is_named_and_leaves_nothing(store, tmp_path):
    path = tmp_path / "table.npz"
    run = subprocess.run(
        [sys.executable, "-c", DISK_FULL, store, path],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert "cannot write the converted table" in run.stdout and str(path) in run.stdout, run.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_store_cut_anywhere_does_not_open(store):
    whole = store.read_bytes()
    cut = store.with_name("cut.npz")
    for size in np.linspace(0, len(whole) - 1, 200).astype(int):
        cut.write_bytes(whole[:size])
        with pytest.raises(DataFileError, match="cut.npz"):
            open_store(cut)


@given(st.data())
def test_a_damaged_byte_never_changes_a_value(store, data):
    whole = store.read_bytes()
    position = data.draw(st.integers(0, len(whole) - 1))
    damaged = bytearray(whole)
    damaged[position] ^= data.draw(st.integers(1, 255))
    path = store.with_name("damaged.npz")
    path.write_bytes(damaged)
    try:
        read = open_store(path)
        read.verify()
    except DataFileError as error:
        assert error.path == str(path) and error.remedy == "convert the original again"
    else:  # a byte that means nothing, such as the time in the header of an entry
        assert read.source == open_store(store).source
        for name in ARRAYS:
            np.testing.assert_array_equal(getattr(read, name), getattr(open_store(store), name))


def test_an_array_is_verified_when_it_is_first_used(store, table):
    path = store.with_name("bit.npz")
    content = bytearray(store.read_bytes())
    content[content.find(table.test_accuracy.tobytes())] ^= 1
    path.write_bytes(content)
    benchmark = NASBench101Benchmark(open_store(path))
    np.testing.assert_array_equal(benchmark.X, table.X)
    benchmark.query(benchmark.X, "mean_validation_accuracy")
    for _ in range(2):
        with pytest.raises(DataFileError, match="bit.npz, array test_accuracy: the checksum does not match"):
            benchmark.query(benchmark.X, "mean_test_accuracy")


def test_tables_without_a_checksum_of_their_description_still_open(store):
    with zipfile.ZipFile(old := shutil.copy(store, store.with_name("old.npz")), "a") as archive:
        description = json.loads(archive.comment)
        archive.comment = json.dumps({name: description[name] for name in ("format", "source")}).encode()
    open_store(old).verify()
    with zipfile.ZipFile(old, "a") as archive:
        description["source"]["sha256"] = "another"
        archive.comment = json.dumps(description).encode()
    with pytest.raises(DataFileError, match="the checksum of its description does not match"):
        open_store(old)


def test_a_table_is_pickled_by_value(store, table):
    copy = pickle.loads(pickle.dumps(open_store(store)))
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(copy, name), getattr(table, name))
    assert copy.source == table.source


def test_other_archives_are_refused(tmp_path, table, monkeypatch):
    path = tmp_path / "other.npz"
    np.savez(path, X=np.zeros(3))
    with pytest.raises(DataFileError, match="not a converted NASBench-101 table"):
        open_store(path)
    monkeypatch.setattr(_store, "STORE_FORMAT", 99)
    write_store(path, table)
    monkeypatch.undo()
    with pytest.raises(DataFileError, match="another version of skpbnas.*convert the original again"):
        open_store(path)


def test_arrays_that_do_not_fit_are_refused(tmp_path, table):
    path = tmp_path / "table.npz"
    write_store(path, replace(table, key=table.key[:-1]))
    with pytest.raises(DataFileError, match="key has shape"):
        open_store(path)
    write_store(path, replace(table, order=table.order[::-1]))
    with pytest.raises(DataFileError, match="key in its order does not increase"):
        open_store(path)
    write_store(path, replace(table, test_accuracy=np.zeros(table.test_accuracy.shape, np.int32)))
    with pytest.raises(DataFileError, match="test_accuracy has shape .* and type int32"):
        open_store(path)


def test_a_directory_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        open_store(tmp_path)
    with pytest.raises(FileNotFoundError, match="absent"):
        open_store(tmp_path / "absent.npz")
