"""How estimators read tables: graphs, columns too many, names out of order, numbers out of range."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skpbnas import CellSpace, ChainSpace, GCNRankPredictor, GPRankPredictor, GraphDescriptors, ProductSpace
from skpbnas.spaces import NASBench101Space, NASBench201Space

SPACES = [
    CellSpace(5, ["a", "b"]),
    NASBench101Space(),
    NASBench201Space(),
    ChainSpace([range(8), [1, None], ["x", "y"], range(3)]),
    ProductSpace({"cell": CellSpace(4, ["a"]), "chain": ChainSpace([range(4)] * 3)}),
]
spaces = pytest.mark.parametrize("space", SPACES, ids=lambda space: type(space).__name__)
estimators = pytest.mark.parametrize(
    "make",
    [GPRankPredictor, GraphDescriptors, lambda n_nodes=None: GCNRankPredictor(n_nodes, max_iter=1)],
    ids=["process", "descriptors", "network"],
)


def shuffled(space, X, rng):
    """Return isomorphic rows with their nodes in another order."""
    from skpbnas._rows import join_rows, reordered, split_rows

    order = np.argsort(rng.random((len(X), space.n_nodes)), axis=1)
    return join_rows(*reordered(*split_rows(X, space.n_nodes), order))


@spaces
@pytest.mark.parametrize("n", [1, 5, 40])
def test_rows_of_a_space_are_read_as_graphs_without_a_word(space, n, rng):
    X = space.sample(n, rng)
    for rows in (X, shuffled(space, X, rng)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert GraphDescriptors(space.n_nodes).fit(rows).n_nodes_ == space.n_nodes


@spaces
@estimators
def test_graphs_that_are_read_as_a_table_are_warned_of(space, make, rng):
    X = shuffled(space, space.sample(10, rng), rng)
    with pytest.warns(UserWarning, match=f"graphs with {space.n_nodes} nodes.*give n_nodes="):
        model = make().fit(X, rng.random(10))
    assert model.n_nodes_ == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make(n_nodes=1).fit(X, rng.random(10))


@given(st.integers(0, 2**32 - 1), st.integers(5, 30), st.integers(2, 90), st.sampled_from([0.1, 0.5, 0.9]))
def test_tables_of_zeros_and_ones_are_not_taken_for_graphs(seed, n, n_columns, density):
    X = (np.random.default_rng(seed).random((n, n_columns)) < density).astype(np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        GraphDescriptors().fit(X)


@given(st.integers(0, 2**32 - 1), st.integers(5, 30), st.lists(st.integers(2, 6), min_size=2, max_size=8))
def test_one_hot_tables_are_not_taken_for_graphs(seed, n, sizes):
    rng = np.random.default_rng(seed)
    X = np.hstack([np.eye(size)[rng.integers(size, size=n)] for size in sizes])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        GraphDescriptors().fit(X)


@estimators
@pytest.mark.parametrize("n_more", [1, 2])
@pytest.mark.parametrize("value", [0, 1])
def test_columns_too_many_are_refused(make, n_more, value, rng):
    space = NASBench201Space()
    X = space.sample(30, rng)
    wide = np.hstack([X, np.full((30, 8 * n_more), value, np.uint8)])
    with pytest.raises(ValueError, match=f"Leave out the last {8 * n_more} columns"):
        make(8).fit(wide, rng.random(30))
    model = make(8).fit(X, rng.random(30))
    with pytest.raises(ValueError, match="128 features|136 features"):
        getattr(model, "predict", getattr(model, "transform", None))(wide)


@spaces
@estimators
def test_columns_out_of_order_are_refused(space, make, rng):
    X = pd.DataFrame(space.sample(10, rng), columns=space.get_feature_names_out())
    y = rng.random(10)
    make().fit(X, y)
    with pytest.raises(ValueError, match="column 0 of X is .* where 'adjacency_0_0' belongs"):
        make().fit(X[X.columns[::-1]], y)
    with pytest.raises(ValueError, match="is 'nothing', where 'node_"):
        make().fit(X[X.columns[:-1]], y)
    with pytest.raises(ValueError, match=f"those of graphs with {space.n_nodes} nodes"):
        make(n_nodes=2).fit(X, y)


@pytest.mark.parametrize("model", [GPRankPredictor(), GCNRankPredictor(max_iter=1)])
def test_numbers_that_cannot_be_computed_with_are_refused(model, rng):
    X, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    with pytest.raises(ValueError, match="y contains numbers of size 1e[+]300"):
        model.fit(X, np.where(y > 0, 1e300, y))
    with pytest.raises(ValueError, match="X contains numbers of size 1e[+]200"):
        model.fit(np.where(X > 0, -1e200, X), y)
    model.fit(X, y)
    with pytest.raises(ValueError, match="X contains numbers of size"):
        model.predict(np.full((2, 3), 1e200))
    assert np.isfinite(model.predict(np.full((2, 3), 1e49))).all()
