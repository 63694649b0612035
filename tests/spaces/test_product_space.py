"""Products: each part is what it was, and together they are one graph."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution

from skpbnas import EvolutionaryCandidateSampler, GCNRankPredictor, PredictorBasedSearch
from skpbnas.preprocessing import GraphDescriptors
from skpbnas.spaces import CellSpace, ChainSpace, NASBench201Space, ParameterSpace, ProductSpace
from skpbnas.testing import check_candidate_sampler, check_space

CELL, WIDTHS = CellSpace(4, ["a", "b"]), ChainSpace([[8, 16, 32]] * 3)
TRAINING = ParameterSpace(
    {
        "rate": FloatDistribution(1e-4, 1e-1, log=True),
        "norm": CategoricalDistribution(["batch", "layer"]),
    }
)
SPACE = ProductSpace({"cell": CELL, "widths": WIDTHS, "training": TRAINING})
PARTS = st.sampled_from(
    [CELL, WIDTHS, TRAINING, NASBench201Space(), ChainSpace([[1, None], ["a", "b", None]])]
)


@settings(max_examples=8)
@given(st.lists(PARTS, min_size=1, max_size=3), st.integers(0, 1000))
def test_every_product_keeps_the_contract(parts, seed):
    check_space(ProductSpace({f"part{k}": part for k, part in enumerate(parts)}), 15, seed)


def test_pools_of_a_product_keep_the_contract():
    check_candidate_sampler(EvolutionaryCandidateSampler(), SPACE)


def test_the_graph_of_a_product_leads_through_its_parts(rng):
    X = pd.DataFrame(SPACE.sample(20, rng), columns=SPACE.get_feature_names_out())
    descriptors = GraphDescriptors().fit(X)
    table = dict(zip(descriptors.get_feature_names_out(), descriptors.transform(X).T, strict=True))
    cells = GraphDescriptors(CELL.n_nodes).fit_transform(CELL.encode([a["cell"] for a in SPACE.decode(X)]))
    np.testing.assert_allclose(table["log_paths"], cells[:, 0])  # the other parts are paths
    assert (table["total_widths"] == 3).all() and (table["total_training"] == 1).all()


def test_a_product_of_layers_and_parameters_is_described_by_these_alone(rng):
    path = ProductSpace({"widths": WIDTHS, "inner": ProductSpace({"training": TRAINING})})
    assert set(path.get_roles_out()) == {
        *("edge", "part", "layer widths.position", "layer widths.value"),
        *("parameter inner.training.rate", "parameter inner.training.norm"),
    }
    descriptors = GraphDescriptors(path.n_nodes, path.get_roles_out())
    described = descriptors.fit_transform(path.sample(50, rng))
    assert not any(role.startswith("graph") for role in descriptors.roles_)
    assert described.shape[1] == 3 * 4 + 3  # of each layer two columns and the sums around them; parameters
    with_cell = ProductSpace({"cell": CELL, "path": path})
    assert "part" not in with_cell.get_roles_out() and "node" in with_cell.get_roles_out()


def test_a_row_does_not_depend_on_the_rows_beside_it():
    space = ProductSpace({"first": CELL, "chain": ChainSpace([[1, None]]), "last": WIDTHS})
    X = space.enumerate()
    together = space.canonicalize(X)
    for k in range(0, len(X), 97):
        assert np.array_equal(space.canonicalize(X[k : k + 1])[0], together[k])


def test_a_listed_product_holds_each_pair_once():
    space = ProductSpace({"cell": CELL, "widths": WIDTHS})
    assert len(space) == len(CELL) * 27 == len(np.unique(space.enumerate(), axis=0))


def test_graph_predictors_rank_products(rng):
    X = SPACE.sample(60, rng)
    y = np.array([sum(a["widths"]) + 20 * (a["training"]["norm"] == "batch") for a in SPACE.decode(X)])
    predictor = GCNRankPredictor(SPACE.n_nodes, hidden_dims=(16, 16), max_iter=100, random_state=0).fit(
        X[:40], y[:40]
    )
    assert predictor.score(X[40:], y[40:]) > 0.4


def test_a_search_works_on_a_product():
    search = PredictorBasedSearch(SPACE, random_state=0)
    search.run(
        lambda a: sum(a["widths"]) + len(a["cell"].operations) + a["training"]["rate"], n_evaluations=24
    )
    assert search.best_score_ > 90


@pytest.mark.parametrize(
    ("spaces", "error", "message"),
    [
        ({}, ValueError, "spaces is empty"),
        ({"cell": 3}, TypeError, r"spaces\['cell'\]=3 is not a SearchSpace"),
    ],
)
def test_what_is_no_space_is_refused(spaces, error, message):
    with pytest.raises(error, match=message):
        ProductSpace(spaces)


def test_an_architecture_without_a_part_is_refused():
    with pytest.raises(ValueError, match=r"architecture 0 .* parts \['cell', 'widths', 'training'\]"):
        SPACE.encode([{"cell": None}])
