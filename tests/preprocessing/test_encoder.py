"""Architectures in all their readable forms become the same rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from skpbnas import ArchitectureEncoder, CellSpace, GCNRankPredictor
from skpbnas.metrics import kendall_tau_scorer

SPACE = CellSpace(5, ["a", "b"])


@parametrize_with_checks([ArchitectureEncoder()])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture
def rows(rng):
    return SPACE.sample(40, rng)


def test_all_forms_become_the_same_rows(rows):
    cells = SPACE.decode(rows)
    objects = np.empty(len(cells), dtype=object)
    objects[:] = cells
    params = [SPACE.row_to_params(row) for row in rows]
    pairs = [(cell.adjacency, cell.operations) for cell in cells]
    for X in (cells, objects, pairs, params, pd.DataFrame(params)):
        encoded = ArchitectureEncoder(SPACE).fit_transform(X)
        np.testing.assert_array_equal(SPACE.canonical_key(encoded), SPACE.canonical_key(rows))


def test_named_columns_tell_the_predictor_the_number_of_nodes(rows):
    cells, y = SPACE.decode(rows), rows[:, :25].sum(axis=1)
    encoder = ArchitectureEncoder(SPACE).set_output(transform="pandas")
    assert encoder.fit_transform(cells).columns.tolist() == SPACE.get_feature_names_out().tolist()
    pipeline = make_pipeline(encoder, GCNRankPredictor(max_iter=50, random_state=0))
    assert cross_val_score(pipeline, cells, y, scoring=kendall_tau_scorer, cv=3).mean() > 0.5
    assert pipeline.fit(cells, y)[-1].n_nodes_ == 5


def test_architectures_that_do_not_fit_are_refused():
    encoder = ArchitectureEncoder(SPACE).fit([])
    with pytest.raises(ValueError, match="unknown operations"):
        encoder.transform([([[0, 1], [0, 0]], ["input", "relu"])])
    nothing = {name: 0 if name.startswith("edge") else "a" for name in SPACE.distributions()}
    with pytest.raises(ValueError, match="parameters of architecture 0"):
        encoder.transform([nothing])
