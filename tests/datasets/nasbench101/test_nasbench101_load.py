"""Finding and opening the file: converted once, and again only when it has changed."""

import errno
import os
import pickle
import time

import numpy as np
import pytest
from official_format import METRICS, PlainNASBench, random_rows, read_records, write_file

from skpbnas.datasets import DataFileError, TabularBenchmark, load_nasbench101
from skpbnas.datasets.nasbench101 import _load
from skpbnas.datasets.nasbench101._load import convert, store_paths


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("SKPBNAS_CACHE", str(folder))
    monkeypatch.delenv("SKPBNAS_NASBENCH101", raising=False)
    return folder


@pytest.fixture
def path(tmp_path, rng):
    (tmp_path / "data").mkdir()
    return write_file(tmp_path / "data" / "nasbench_only108.tfrecord", random_rows(rng))


def load(*args, **kwargs):
    return load_nasbench101(*args, n_jobs=1, progress=False, **kwargs)


@pytest.fixture
def conversions(monkeypatch):
    """The files that are converted, as they are."""
    done = []
    original = _load.convert_file
    monkeypatch.setattr(_load, "convert_file", lambda path, **k: done.append(path) or original(path, **k))
    return done


def test_a_file_is_converted_once(path, conversions):
    first, second = load(path), load(str(path))
    assert conversions == [path]
    assert isinstance(first, TabularBenchmark)
    np.testing.assert_array_equal(first.columns["mean_test_accuracy"], second.columns["mean_test_accuracy"])
    assert store_paths(path)[0].parent == path.parent


def test_a_changed_file_is_converted_again(path, conversions, rng):
    before = load(path)
    write_file(path, random_rows(rng, n_cells=3))
    os.utime(path, ns=(time.time_ns(), time.time_ns() + 10**9))
    assert (len(before), len(load(path))) == (8, 3)
    assert len(conversions) == 2


def test_the_table_is_enough(path):
    expected = load(path).columns["mean_test_accuracy"]
    path.unlink()
    np.testing.assert_array_equal(load(path).columns["mean_test_accuracy"], expected)
    np.testing.assert_array_equal(load(store_paths(path)[0]).columns["mean_test_accuracy"], expected)


def test_a_damaged_table_is_made_again(path, conversions):
    load(path)
    store_paths(path)[0].write_bytes(b"PK\x03\x04 damaged")
    assert len(load(path)) == 8
    assert len(conversions) == 2


def test_the_environment_names_the_file(path, monkeypatch):
    monkeypatch.setenv("SKPBNAS_NASBENCH101", str(path))
    assert len(load()) == 8


def test_the_cache_folder_is_looked_in(path, cache, rng):
    with pytest.raises(FileNotFoundError, match="skpbnas nasbench101 download"):
        load()
    cache.mkdir(exist_ok=True)
    os.rename(path, cache / path.name)
    assert len(load()) == 8
    write_file(cache / "nasbench_full.tfrecord", random_rows(rng, n_cells=5, epochs=(4, 108)))
    assert load().valid_epochs == {4, 108}


def test_a_read_only_folder_sends_the_table_to_the_cache(path, cache, conversions, monkeypatch):
    # By hand, as permissions do not bind the superuser.
    original = _load.write_store

    def refuse(store, table):
        if store.parent == path.parent:
            raise PermissionError(errno.EACCES, "Permission denied", str(store))
        original(store, table)

    monkeypatch.setattr(_load, "write_store", refuse)
    load(path)
    assert [store.exists() for store in store_paths(path)] == [False, True]
    assert store_paths(path)[1].is_relative_to(cache)
    load(path)
    assert len(conversions) == 1
    with pytest.raises(PermissionError):
        convert(path, path.with_name("named.npz"), n_jobs=1)


def test_a_full_disk_is_not_passed_over(path, monkeypatch):
    def refuse(store, table):
        raise OSError(errno.ENOSPC, "No space left on device", str(store))

    monkeypatch.setattr(_load, "write_store", refuse)
    with pytest.raises(OSError, match="No space left") as info:
        load(path)
    assert info.value.errno == errno.ENOSPC


def test_other_things_are_named(tmp_path):
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        load(tmp_path)
    with pytest.raises(FileNotFoundError, match="skpbnas nasbench101 download.*absent"):
        load(tmp_path / "absent.tfrecord")
    (tmp_path / "table.pickle").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(DataFileError, match="Python pickle"):
        load(tmp_path / "table.pickle")
    with pytest.raises(TypeError, match="path=5"):
        load(5)


def assert_same(first, second):
    np.testing.assert_array_equal(first.X, second.X)
    np.testing.assert_array_equal(
        first.columns["trainable_parameters"], second.columns["trainable_parameters"]
    )
    for name in first.columns:
        np.testing.assert_array_equal(first.columns[name], second.columns[name])


def test_a_live_nasbench_object_reads_as_its_file(tmp_path, rng):
    rows = random_rows(rng, epochs=(4, 108))
    path = write_file(tmp_path / "file.tfrecord", rows[:-2])
    expected = load(path)
    assert_same(load(PlainNASBench(path)), expected)
    # And what is read can be read again through the same interface.
    assert_same(load(expected), expected)


def test_a_wrong_value_in_a_live_object_is_named(path):
    nasbench = PlainNASBench(path)
    module_hash = list(nasbench.hash_iterator())[2]
    nasbench.computed_statistics[module_hash][108][1]["final_test_accuracy"] = float("nan")
    with pytest.raises(ValueError, match=rf"cell 2 \({module_hash}\), a run of 108 epochs: test_accuracy is"):
        load(nasbench)
    nasbench.fixed_statistics[module_hash]["trainable_parameters"] = None
    with pytest.raises(ValueError, match="cell 2 of .* has no trainable_parameters"):
        load(nasbench)
    nasbench.computed_statistics = {name: {} for name in nasbench.computed_statistics}
    with pytest.raises(ValueError, match="no trained cells"):
        load(nasbench)


def test_a_nasbenchapi_object_reads_as_the_file_its_pickle_was_made_of(path):
    nasbenchapi = pytest.importorskip("nasbenchapi")
    import orjson

    entries: dict = {}
    for record in read_records(path):
        module_hash, epochs, adjacency, operations, metrics = orjson.loads(record)
        parameters = PlainNASBench(path).fixed_statistics[module_hash]["trainable_parameters"]
        entry = {
            "adjacency_str": adjacency,
            "operations_str": operations,
            "epoch": epochs,
            "metrics_b64": metrics,
            "derived": {"trainable_parameters": parameters},
        }
        entries.setdefault(module_hash, []).append(entry)
    latest = {name: records[-1] for name, records in entries.items()}
    data = {"entries_by_arch": entries, "latest_by_arch": latest, "num_records": 24}
    pickled = path.with_suffix(".pickle")
    pickled.write_bytes(pickle.dumps(data))
    api = nasbenchapi.NASBench101(str(pickled), verbose=False)
    assert_same(load(api), load(path))


def test_metrics_are_the_same_in_all_the_columns(path):
    plain, benchmark = PlainNASBench(path), load(path)
    for k, module_hash in enumerate(plain.hash_iterator()):
        runs = plain.get_metrics_from_hash(module_hash)[1][108]
        for metric in METRICS:
            for prefix, point in (("", "final"), ("halfway_", "halfway")):
                values = [run[f"{point}_{metric}"] for run in runs]
                for repeat, value in enumerate(values):
                    assert benchmark.columns[f"run{repeat}_{prefix}{metric}"][k] == value
                    assert benchmark.columns[f"run{repeat}_{prefix}{metric}_at_108"][k] == value
                assert benchmark.columns[f"mean_{prefix}{metric}"][k] == pytest.approx(np.mean(values))
