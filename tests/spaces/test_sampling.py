"""All spaces draw from a generator, from a seed, or anew every time."""

import numpy as np
import pytest
from optuna.distributions import FloatDistribution

from skpbnas import CellSpace
from skpbnas.spaces import ChainSpace, ConstrainedSpace, NASBench201Space, ParameterSpace, ProductSpace

CHAIN = ChainSpace([range(8, 65, 8)] * 8)
SPACES = [
    CellSpace(5, ["a", "b"]),
    CellSpace(9, ["a", "b"], 12),  # cannot be listed
    CHAIN,
    ConstrainedSpace(CHAIN, lambda X: X.sum(axis=1) > 8),
    NASBench201Space(),
    ParameterSpace({"rate": FloatDistribution(0, 1)}),
    ProductSpace({"cell": CellSpace(4, ["a"]), "chain": CHAIN}),
]


@pytest.mark.parametrize("space", SPACES, ids=lambda space: type(space).__name__)
def test_a_seed_stands_for_its_generator_and_none_draws_anew(space):
    rows = space.sample(20, 3)
    np.testing.assert_array_equal(rows, space.sample(20, np.random.default_rng(3)))
    assert space.sample(20).shape == rows.shape
    assert (space.sample(20) != space.sample(20)).any()
    rng = np.random.default_rng(3)
    assert (space.sample(20, rng) != space.sample(20, rng)).any()  # a generator goes on
