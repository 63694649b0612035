"""Maps that are kept: the same scores, and found again when a few rows are left out."""

import numpy as np
import pytest

from skpbnas import CellSpace, GCNRankPredictor, GPRankPredictor
from skpbnas.predictors import _gcn, _gp, _remembered
from skpbnas.predictors._remembered import Remembered, pieces

SPACE = CellSpace(5, ["a", "b"])


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(_remembered, "FEWEST", 50)
    monkeypatch.setattr(_remembered, "_MEAN", 32)
    monkeypatch.setattr(_remembered, "_MOST", 100)
    for module in (_gcn, _gp):
        monkeypatch.setattr(module, "_REMEMBERED", Remembered())


def test_pieces_are_all_rows_in_order_and_none_is_too_large(small_pieces):
    cuts = [piece for piece, _ in pieces(SPACE.enumerate())]
    assert [cut.start for cut in cuts] == [0, *(cut.stop for cut in cuts[:-1])]
    assert cuts[-1].stop == len(SPACE)
    assert max(cut.stop - cut.start for cut in cuts) <= 100


def test_leaving_a_row_out_changes_few_pieces(small_pieces):
    X = SPACE.enumerate()
    whole = {digest for _, digest in pieces(X)}
    rest = {digest for _, digest in pieces(np.delete(X, 400, axis=0))}
    assert len(whole - rest) <= 4 < len(whole)


def test_kept_maps_give_the_scores_of_fresh_ones(small_pieces):
    X = SPACE.enumerate()
    model = GCNRankPredictor(5, max_iter=5, random_state=0).fit(X[:40], X[:40].sum(axis=1))
    first, second = model.predict(X), model.predict(X)
    alone = np.concatenate([model.predict(X[k : k + 40]) for k in range(0, len(X), 40)])
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, alone, rtol=1e-4)
    shallow = GCNRankPredictor(5, hidden_dims=(8,), max_iter=5, random_state=0).fit(
        X[:40], X[:40].sum(axis=1)
    )
    np.testing.assert_allclose(shallow.predict(X)[:40], shallow.predict(X[:40]), rtol=1e-4)


def test_kept_descriptors_give_the_scores_of_fresh_ones(small_pieces):
    X = SPACE.enumerate()
    model = GPRankPredictor(5, exploration=1.0).fit(X[:40], X[:40].sum(axis=1))
    first, second = model.predict(X), model.predict(X)
    alone = np.concatenate([model.predict(X[k : k + 40]) for k in range(0, len(X), 40)])
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, alone, rtol=1e-9)
    assert len(_gp._REMEMBERED._kept) > 8


def test_what_is_kept_is_bounded(small_pieces, monkeypatch):
    monkeypatch.setattr(_remembered, "_KEPT", 150)
    kept = Remembered()
    assert len(list(kept.of(SPACE.enumerate(), "kind", lambda rows: rows))) > 8
    assert sum(size for _, size in kept._kept.values()) <= 150
