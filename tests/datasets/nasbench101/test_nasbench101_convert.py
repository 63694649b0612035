"""Conversion: the table holds what the plain reader reads, or the file is refused."""

import json
from base64 import encodebytes

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from official_format import (
    METRICS,
    PlainNASBench,
    encode_metrics,
    encode_row,
    random_evaluations,
    random_rows,
    read_records,
    small_cells,
    write_file,
)

from skpbnas.datasets import DataFileError
from skpbnas.datasets.nasbench101 import _tfrecord
from skpbnas.datasets.nasbench101._convert import convert_file, has_official_cells
from skpbnas.spaces import NASBench101Space

SPACE = NASBench101Space()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.tfrecord"


def assert_same_as_plain_reader(table, path):
    plain = PlainNASBench(path)
    assert [h.tobytes().hex() for h in table.module_hash] == list(plain.hash_iterator())
    total = 0
    for k, module_hash in enumerate(plain.hash_iterator()):
        fixed, computed = plain.get_metrics_from_hash(module_hash)
        assert table.trainable_parameters[k] == fixed["trainable_parameters"]
        cell = SPACE.decode(table.X[k : k + 1])[0]
        np.testing.assert_array_equal(cell.adjacency, fixed["module_adjacency"])
        assert list(cell.operations) == fixed["module_operations"]
        for epochs, runs in computed.items():
            budget = table.epochs.tolist().index(epochs)
            for metric in METRICS:
                expected = [[run[f"{point}_{metric}"] for run in runs] for point in ("halfway", "final")]
                values = getattr(table, metric)[budget, :, :, k]
                np.testing.assert_array_equal(values[:, : len(runs)], expected)
                assert np.isnan(values[:, len(runs) :]).all()
            total += len(runs)
    assert table.n_repeats.sum() == total


def test_a_whole_file(path, rng):
    write_file(path, random_rows(rng, n_cells=20, epochs=(4, 12, 36, 108)))
    table = convert_file(path, n_jobs=1)
    assert_same_as_plain_reader(table, path)
    assert table.epochs.tolist() == [4, 12, 36, 108]
    assert (table.n_repeats == 3).all()
    assert table.source["size"] == path.stat().st_size


def test_any_subset_of_rows_in_any_order(path, rng):
    rows = random_rows(rng, n_cells=10, epochs=(4, 108))
    for n in (1, 7, 40):
        write_file(path, [rows[k] for k in rng.permutation(len(rows))[:n]])
        assert_same_as_plain_reader(convert_file(path, n_jobs=1), path)


def test_processes_and_blocks_make_no_difference(path, rng, monkeypatch):
    write_file(path, random_rows(rng, n_cells=20, epochs=(4, 108)))
    whole = convert_file(path, n_jobs=1)
    monkeypatch.setattr(_tfrecord, "_BLOCK_SIZE", 5000)
    parts = convert_file(path, n_jobs=2)
    for name in ("module_hash", "X", "key", "order", "trainable_parameters", "epochs", *METRICS):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))
    assert parts.source == whole.source


def test_a_relabelled_cell_counts_as_the_same(path, rng):
    """Another order of vertices under the same hash, in some of its rows."""
    [row] = random_rows(rng, n_cells=1, n_repeats=1)
    ops = "input,conv3x3-bn-relu,maxpool3x3,output", "input,maxpool3x3,conv3x3-bn-relu,output"
    adjacency = "0110000100010000", "0110000100010000"
    module_hash = SPACE.module_hash(
        SPACE.encode([(np.array(list(adjacency[0]), int).reshape(4, 4), ops[0].split(","))])
    )
    metrics = [encode_metrics(e, 5) for e in random_evaluations(rng, 2, 108)]
    rows = [encode_row(module_hash[0], 108, a, o, m) for a, o, m in zip(adjacency, ops, metrics, strict=True)]
    write_file(path, [row, *rows])
    table = convert_file(path, n_jobs=1)
    assert len(table) == 2
    assert table.n_repeats.tolist() == [[1], [2]]


def edited(row, position, value):
    fields = json.loads(row)
    fields[position] = value
    return json.dumps(fields).encode()


def test_a_hash_that_does_not_fit_its_cell(path, rng):
    rows = random_rows(rng, n_cells=3, n_repeats=1)
    rows[1] = edited(rows[1], 0, "0" * 32)
    write_file(path, rows)
    offset = 16 + len(rows[0])
    with pytest.raises(
        DataFileError, match=rf"row 1, byte {offset}: module_hash is 0{{32}}, but that of its"
    ):
        convert_file(path, n_jobs=1)


def test_a_hash_of_another_cell(path, rng):
    rows = random_rows(rng, n_cells=3, n_repeats=1)
    write_file(path, [*rows, edited(rows[1], 0, json.loads(rows[0])[0])])
    with pytest.raises(DataFileError, match="row 3, byte .*: another cell has the same module_hash"):
        convert_file(path, n_jobs=1)
    write_file(path, [*rows, edited(rows[1], 0, "0" * 32)])
    with pytest.raises(
        DataFileError, match="row 3, byte .*: the same cell as in row 1, but another module_hash"
    ):
        convert_file(path, n_jobs=1)


def test_a_duplicate_row(path, rng):
    rows = random_rows(rng, n_cells=3)
    for first, again in [(4, 5), (4, 9)]:
        write_file(path, [*rows[:again], rows[first], *rows[again:]])
        with pytest.raises(DataFileError, match=f"row {again}, byte .*a duplicate of row {first}"):
            convert_file(path, n_jobs=1)


def test_rows_of_a_cell_that_contradict_each_other(path, rng):
    rows = random_rows(rng, n_cells=1, n_repeats=2)
    other = encodebytes(encode_metrics(random_evaluations(rng, 1, 108)[0], 7)).decode()
    write_file(path, [*rows, edited(rows[0], 4, other)])
    with pytest.raises(DataFileError, match="row 2, byte .*: trainable_parameters is 7, but"):
        convert_file(path, n_jobs=1)


def test_a_file_that_would_need_mostly_empty_arrays(path, rng):
    """Rows with epochs of their own: the table would grow with the square of the file."""
    write_file(path, random_rows(rng, n_cells=1, epochs=range(2, 302, 2), n_repeats=2))
    with pytest.raises(DataFileError, match="row 299, byte .*: 150 different epochs with up to 2 repeats"):
        convert_file(path, n_jobs=1)


@pytest.mark.slow
def test_errors_in_other_processes_name_file_row_and_byte(path, rng, monkeypatch):
    monkeypatch.setattr(_tfrecord, "_BLOCK_SIZE", 5000)
    rows = random_rows(rng, n_cells=20)
    rows[50] = edited(rows[50], 1, -4)
    write_file(path, rows)
    with pytest.raises(DataFileError, match="row 50, byte .*: epochs is -4") as info:
        convert_file(path, n_jobs=2)
    assert info.value.offset == sum(16 + len(row) for row in rows[:50])
    assert info.value.path == str(path)


@pytest.fixture(scope="module")
def valid_file(tmp_path_factory):
    rows = random_rows(np.random.default_rng(1), n_cells=4, epochs=(4, 108), n_repeats=2)
    return write_file(tmp_path_factory.mktemp("valid") / "valid.tfrecord", rows)


@given(st.data())
def test_random_damage_is_never_taken_for_data(valid_file, data):
    """Bytes changed, removed, inserted or doubled: an error, or only whole rows are missing at an end."""
    whole = valid_file.read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 500)))
    damaged = whole[:start] + data.draw(st.binary(max_size=20) | st.just(whole[start:end] * 2)) + whole[end:]
    path = valid_file.with_name("damaged.tfrecord")
    path.write_bytes(damaged)
    try:
        table = convert_file(path, n_jobs=1)
    except DataFileError as error:
        assert error.path == str(path)
    else:
        assert whole.startswith(damaged) or damaged in whole or whole == damaged
        assert_same_as_plain_reader(table, path)


@given(st.data())
def test_damage_under_valid_checksums_is_refused_or_read_as_it_stands(valid_file, data):
    """The checksums are made after the change, as a faulty writer would: nothing is read differently."""
    rows = list(read_records(valid_file))
    k = data.draw(st.integers(0, len(rows) - 1))
    start = data.draw(st.integers(0, len(rows[k]) - 1))
    replacement = data.draw(
        st.binary(min_size=1, max_size=4) | st.text('0123456789abcdef",[]input ', max_size=4).map(str.encode)
    )
    rows[k] = rows[k][:start] + replacement + rows[k][start + len(replacement) :]
    path = write_file(valid_file.with_name("faulty.tfrecord"), rows)
    try:
        table = convert_file(path, n_jobs=1)
    except DataFileError as error:
        assert error.path == str(path)
    else:
        assert_same_as_plain_reader(table, path)


def test_the_official_cells_are_recognised_and_no_others(shared_data):
    with np.load(shared_data / "nasbench101_test_accuracy.npz") as file:
        module_hash, adjacency, operations, size = (
            file[name] for name in ("module_hash", "adjacency", "operations", "num_vertices")
        )
    n = len(module_hash)
    X = np.zeros((n, SPACE.n_features), np.uint8)
    X[:, :49] = adjacency.reshape(n, -1)
    nodes = X[:, 49:].reshape(n, 7, 5)
    nodes[:, :, 1:4] = operations[:, :, None] == np.arange(3)
    nodes[:, 0, 0] = nodes[np.arange(n), size - 1, 4] = 1
    key = SPACE.canonical_key(X)
    order = np.random.default_rng(0).permutation(n)
    assert has_official_cells(module_hash[order], key[order])
    assert not has_official_cells(module_hash[1:], key[1:])
    key[[5, 6]] = key[[6, 5]]
    assert not has_official_cells(module_hash, key)


def test_the_cells_of_the_small_files_are_different():
    assert len(set(SPACE.canonical_key(SPACE.encode(small_cells(20))))) == 20
