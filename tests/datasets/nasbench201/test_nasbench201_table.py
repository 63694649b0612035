"""The table of NAS-Bench-201."""

import numpy as np
import pytest

from skpbnas import GCNRankPredictor, PredictorBasedSearch, UniformCandidateSampler
from skpbnas.datasets import DataFileError, load_nasbench201
from skpbnas.spaces import NASBench201Space


def test_the_real_table(shared_data):
    path = shared_data / "nasbench201_cifar10_valid.npz"
    table = load_nasbench201(path)
    assert len(table) == 15_625 == len(table.space)
    row, value = table.oracle("validation_accuracy")
    assert value == pytest.approx(91.607, abs=1e-3)
    with np.load(path) as file:
        assert table.space.decode(row[None])[0] == file["architecture"][file["validation_accuracy"].argmax()]
    assert (table.query(table.space.enumerate(), "test_accuracy") > 9).all()


def test_a_search_runs_on_it(shared_data):
    table = load_nasbench201(shared_data / "nasbench201_cifar10_valid.npz")
    predictor = GCNRankPredictor(max_iter=5, n_estimators=1)
    candidates = UniformCandidateSampler(n_candidates=50)
    search = PredictorBasedSearch(table.space, predictor, candidates, random_state=0)
    search.run(table.objective("validation_accuracy"), n_evaluations=12)
    assert len(np.unique(table.space.canonical_key(search.evaluated_rows_))) == 12
    assert search.best_score_ == search.history_["score"].max()


def test_a_part_of_the_space(tmp_path, rng):
    space = NASBench201Space()
    X = space.enumerate()[rng.permutation(15_625)[:50]]
    accuracy = rng.random(50)
    np.savez(tmp_path / "table.npz", architecture=space.decode(X), accuracy=accuracy)
    table = load_nasbench201(tmp_path / "table.npz")
    np.testing.assert_array_equal(table.query(X[::-1], "accuracy"), accuracy[::-1])


def test_other_files_are_named(tmp_path):
    path = tmp_path / "table.npz"
    with pytest.raises(FileNotFoundError, match=r"table\.npz"):
        load_nasbench201(path)
    for content in (b"", b"<html>", b"PK\x03\x04 damaged"):
        path.write_bytes(content)
        with pytest.raises(DataFileError, match=r"table\.npz: not a table of NAS-Bench-201"):
            load_nasbench201(path)
    np.savez(path, accuracy=np.zeros(3))
    with pytest.raises(DataFileError, match="architecture"):
        load_nasbench201(path)
    np.savez(path, architecture=["|none~0|"], accuracy=np.zeros(1))
    with pytest.raises(DataFileError, match="architecture 0 is"):
        load_nasbench201(path)
