"""Parameters as rows: there and back, on the grid, and changed as promised."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from skpbnas.spaces import ParameterSpace

ALL = {
    "float": FloatDistribution(-2.0, 3.0),
    "log": FloatDistribution(1e-5, 1e-1, log=True),
    "stepped": FloatDistribution(-1.0, 1.0, step=0.1),
    "int": IntDistribution(3, 17),
    "int_stepped": IntDistribution(2, 20, step=3),
    "int_log": IntDistribution(1, 500, log=True),
    "choice": CategoricalDistribution(["a", None, 3.5, True]),
    "single": FloatDistribution(1.5, 1.5),
    "only": CategoricalDistribution(["x"]),
}
SPACE = ParameterSpace(ALL)
seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_rows_go_to_parameters_and_back(seed):
    X = SPACE.sample(20, np.random.default_rng(seed))
    assert SPACE.is_valid(X).all()
    for params in SPACE.decode(X):
        for name, distribution in ALL.items():
            assert distribution._contains(distribution.to_internal_repr(params[name])), (name, params[name])
        assert isinstance(params["int"], int) and isinstance(params["log"], float)
    Y = SPACE.encode(SPACE.decode(X))
    np.testing.assert_allclose(Y, X, atol=1e-12)
    np.testing.assert_array_equal(SPACE.canonical_key(Y), SPACE.canonical_key(X))


@given(seeds)
def test_children_are_configurations_too(seed):
    rng = np.random.default_rng(seed)
    X1, X2 = SPACE.sample(30, rng), SPACE.sample(30, rng)
    for Y in (
        SPACE.mutate(X1, 0.3, rng),
        SPACE.crossover(X1, X2, rng),
        SPACE.discretize(rng.normal(size=X1.shape)),
    ):
        assert SPACE.is_valid(Y).all()
    np.testing.assert_array_equal(SPACE.mutate(X1, 0.0, rng), X1)
    child = SPACE.crossover(X1, X2, rng)
    assert ((child == X1) | (child == X2)).all()


def test_a_mutation_changes_what_can_change(rng):
    X = SPACE.sample(2000, rng)
    old, new = SPACE.decode(X), SPACE.decode(SPACE.mutate(X, 1.0, rng))
    changed = {name: np.mean([a[name] != b[name] for a, b in zip(old, new, strict=True)]) for name in ALL}
    assert changed["choice"] == 1 and changed["float"] == 1
    assert changed["single"] == changed["only"] == 0
    assert min(changed[name] for name in ("stepped", "int", "int_stepped")) > 0.8
    one = SPACE.decode(SPACE.mutate(X, 0.25, rng))
    share = np.mean([a["choice"] != b["choice"] for a, b in zip(old, one, strict=True)])
    assert share == pytest.approx(0.25, abs=0.05)


def test_samples_are_uniform_on_their_scale(rng):
    drawn = SPACE.decode(SPACE.sample(4000, rng))
    assert np.median([math.log10(d["log"]) for d in drawn]) == pytest.approx(-3, abs=0.1)
    counts = np.bincount([d["int"] for d in drawn])[3:]
    assert len(counts) == 15 and counts.min() > 0.6 * counts.mean()


def test_a_finite_space_is_listed():
    space = ParameterSpace({"n": IntDistribution(1, 4), "c": CategoricalDistribution("ab")})
    rows = space.enumerate()
    assert len(space) == len(rows) == 8
    assert len(set(space.canonical_key(rows).tolist())) == 8
    assert {(d["n"], d["c"]) for d in space.decode(rows)} == {(n, c) for n in range(1, 5) for c in "ab"}
    assert not SPACE.is_enumerable
    with pytest.raises(TypeError, match="cannot be counted"):
        len(SPACE)


def test_bad_parameters_are_refused():
    good = SPACE.decode(SPACE.sample(1, np.random.default_rng(0)))[0]
    for wrong, message in [
        ({"int": 99}, "int=99 is not allowed"),
        ({"choice": "z"}, "choice='z' is not allowed"),
        ({"float": math.nan}, "float=nan"),
    ]:
        with pytest.raises(ValueError, match=message):
            SPACE.encode([good | wrong])
    with pytest.raises(ValueError, match="lacks 'float'"):
        SPACE.encode([{"int": 4}])
    with pytest.raises(ValueError, match="at least one parameter"):
        ParameterSpace({})
    with pytest.raises(ValueError, match="give distributions of Optuna"):
        ParameterSpace({"x": "float"})
    assert not SPACE.is_valid(np.full((1, SPACE.n_features), np.nan))[0]
