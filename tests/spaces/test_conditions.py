"""Parameters and parts that not all architectures have."""

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from sklearn.linear_model import Ridge

from skpbnas import EvolutionaryCandidateSampler, PBNASSampler, PredictorBasedSearch
from skpbnas.spaces import CellSpace, ChainSpace, ConstrainedSpace, ParameterSpace, ProductSpace
from skpbnas.testing import check_space

OPTIMIZER = CategoricalDistribution(["sgd", "adam", "none"])
DOMAINS = {
    "momentum": FloatDistribution(0, 1),  # before its parent, on purpose
    "optimizer": OPTIMIZER,
    "nesterov": CategoricalDistribution([False, True]),
    "depth": IntDistribution(1, 3),
    "width_2": IntDistribution(8, 64, log=True),
    "width_3": IntDistribution(8, 64, log=True),
    "warm": FloatDistribution(1e-3, 1, log=True),
}
WHEN = {
    "momentum": {"optimizer": "sgd"},
    "nesterov": {"optimizer": ["sgd"], "depth": range(2, 4)},
    "width_2": {"depth": [2, 3]},
    "width_3": {"depth": 3},
    "warm": [{"nesterov": True}, {"optimizer": "adam"}],
}
SPACE = ParameterSpace(DOMAINS, WHEN)


def small_momentum(X):
    return X[:, 0] < 0.9


def is_there(name, params):
    """Say it once more, without the library."""
    optimizer, depth = params["optimizer"], params["depth"]
    return {
        "momentum": optimizer == "sgd",
        "nesterov": optimizer == "sgd" and depth >= 2,
        "width_2": depth >= 2,
        "width_3": depth == 3,
        "warm": params.get("nesterov") is True or optimizer == "adam",
    }.get(name, True)


def test_it_is_a_space_and_so_is_one_that_can_be_listed():
    check_space(SPACE)
    check_space(ParameterSpace({**DOMAINS, "momentum": IntDistribution(0, 2), "warm": OPTIMIZER}, WHEN))
    check_space(ConstrainedSpace(SPACE, small_momentum))


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_children_have_what_their_parents_decide(seed, probability):
    rng = np.random.default_rng(seed)
    X1, X2 = SPACE.sample(20, rng), SPACE.sample(20, rng)
    children = [
        X1,
        SPACE.mutate(X1, probability, rng),
        SPACE.crossover(X1, X2, rng),
        SPACE.step(X1, 0.1, rng),
    ]
    for rows in [*children, SPACE.discretize(rng.normal(size=X1.shape))]:
        assert SPACE.is_valid(rows).all()
        for params in SPACE.decode(rows):
            assert set(params) == {name for name in DOMAINS if is_there(name, params)}
    np.testing.assert_array_equal(SPACE.crossover(X1, X1, rng), X1)


@st.composite
def trees(draw):
    """A space where each parameter may depend on one or two of those before it."""
    kinds = [CategoricalDistribution("abc"), IntDistribution(1, 3), FloatDistribution(0, 1, step=0.5)]
    names = [f"p{k}" for k in range(draw(st.integers(1, 6)))]
    domains = {name: draw(st.sampled_from(kinds)) for name in names}
    values = [["a", "c"], [1, 3], [0.5]]
    when = {}
    for k, name in enumerate(names):
        parents = draw(st.lists(st.sampled_from(names[:k]), max_size=2, unique=True)) if k else []
        if parents:
            when[name] = {parent: values[kinds.index(domains[parent])] for parent in parents}
    return ParameterSpace(domains, when)


@settings(max_examples=15, deadline=None)
@given(trees(), st.integers(0, 1000))
def test_every_tree_keeps_the_contract(space, seed):
    check_space(space, 12, seed)


def test_rows_that_differ_in_what_is_absent_are_the_same(rng):
    X = SPACE.sample(200, rng)
    absent = np.array([[name not in params for name in DOMAINS] for params in SPACE.decode(X)])
    columns = [role.split()[1] for role in SPACE.get_roles_out()]
    hidden = absent[:, [list(DOMAINS).index(name) for name in columns]]
    other = np.where(hidden, rng.random(X.shape), X)
    assert (other != X).any() and SPACE.is_valid(other).all()
    np.testing.assert_array_equal(SPACE.canonical_key(other), SPACE.canonical_key(X))
    np.testing.assert_array_equal(SPACE.canonicalize(other), X)


def test_every_value_is_as_far_from_being_absent_as_any_other():
    rows = SPACE.encode(
        [{"optimizer": "none", "depth": 1}]
        + [{"optimizer": "none", "depth": 2, "width_2": width} for width in (8, 64)]
    )
    own = [k for k, role in enumerate(SPACE.get_roles_out()) if role == "parameter width_2"]
    absent, small, large = rows[:, own]
    assert len(own) == 2 and np.linalg.norm(small - absent) == np.linalg.norm(large - absent) > 0


def test_suggested_are_the_parameters_that_are_there():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: len(SPACE.suggest(trial)), n_trials=30)
    for trial in study.trials:
        assert set(trial.params) == {name for name in DOMAINS if is_there(name, trial.params)}
        assert SPACE.is_valid(SPACE.params_to_row(trial.params)[None])[0]
    assert {len(trial.params) for trial in study.trials} >= {2, 3, 4}
    assert "none" in SPACE.describe({"optimizer": "none", "depth": 1})


def test_a_missing_parameter_is_named_and_an_absent_one_ignored():
    assert SPACE.missing_parameters({}) == ["optimizer", "depth"]
    assert SPACE.missing_parameters({"optimizer": "sgd", "depth": 2}) == ["momentum", "nesterov", "width_2"]
    with pytest.raises(ValueError, match="lacks 'momentum'"):
        SPACE.encode([{"optimizer": "sgd", "depth": 1}])
    plain = {"optimizer": "none", "depth": 1}
    np.testing.assert_array_equal(SPACE.encode([plain | {"momentum": 99}]), SPACE.encode([plain]))


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ({"momentum": {"optimiser": "sgd"}}, r"when\['momentum'\]: there is no parameter 'optimiser'"),
        ({"speed": {"optimizer": "sgd"}}, r"when\['speed'\]: there is no parameter 'speed'"),
        ({"momentum": {"optimizer": "lion"}}, "optimizer='lion' is not allowed"),
        ({"width_3": {"depth": [3, 4]}}, "depth=4 is not allowed"),
        ({"depth": {"momentum": 0.5}}, "'momentum' is a float without a step"),
        ({"depth": {"optimizer": "sgd"}, "optimizer": {"depth": 1}}, "when= has a cycle.*'optimizer'"),
        ({"depth": {"depth": 1}}, "when= has a cycle"),
        ({"momentum": "sgd"}, "says not when"),
        ({"momentum": []}, "says not when"),
        ({"momentum": {"optimizer": []}}, "optimizer has no value"),
    ],
)
def test_what_cannot_be_is_refused_at_once(when, message):
    with pytest.raises(ValueError, match=message):
        ParameterSpace(DOMAINS, when)


def quality(params):
    """Best is sgd of depth three with wide layers and a momentum of 0.9."""
    widths = sum(params.get(f"width_{k}", 0) for k in (2, 3)) / 128
    return widths + (1 - abs(params.get("momentum", -1) - 0.9)) + params.get("warm", 0)


def test_a_search_finds_the_best_branch():
    search = PredictorBasedSearch(SPACE, random_state=0)
    search.run(quality, n_evaluations=40)
    assert search.best_architecture_["depth"] == 3 and search.best_architecture_["optimizer"] == "sgd"
    assert search.best_score_ > 2.5


# ------------------------------------------------------------------------------------------- products

TRAINING = ParameterSpace(
    {"block": CategoricalDistribution([False, True]), "rate": FloatDistribution(0, 1)},
    when={"rate": {"block": True}},
)
PRODUCT = ProductSpace(
    {
        "first": CellSpace(4, ["a", "b"]),
        "training": TRAINING,
        "second": ChainSpace([[1, 2], ["x", "y", None]]),
        "late": ParameterSpace({"more": IntDistribution(1, 2)}),
        "last": ChainSpace([[1, 2]]),
    },
    when={"second": {"training.block": True}, "late": {"training.block": True}, "last": {"late.more": 2}},
)


def test_products_with_optional_parts_are_spaces():
    check_space(PRODUCT, 40)
    small = {"t": ParameterSpace({"on": CategoricalDistribution([0, 1])}), "c": ChainSpace([[1, 2, 3]])}
    space = ProductSpace(small, when={"c": {"t.on": 1}})
    check_space(space)
    assert len(space) == 4


def test_parts_are_there_when_it_is_said(rng):
    X = PRODUCT.sample(60, rng)
    for rows in (X, PRODUCT.mutate(X, 0.5, rng), PRODUCT.crossover(X, X[::-1], rng)):
        valid = rows[PRODUCT.is_valid(rows)]
        assert len(valid)
        for architecture in PRODUCT.decode(valid):
            there = architecture["training"]["block"]
            assert ("second" in architecture) == ("late" in architecture) == there
            assert ("last" in architecture) == (there and architecture["late"]["more"] == 2)
            assert PRODUCT.describe(architecture) and str(PRODUCT.draw(architecture))
    params = PRODUCT.row_to_params(X[0])
    assert PRODUCT.missing_parameters({}) and not PRODUCT.missing_parameters(params)


def test_parts_that_do_not_fit_are_refused():
    cell = PRODUCT.decode(PRODUCT.sample(1, 0))[0]["first"]
    for parts in ({"first": cell, "training": {"block": True, "rate": 0.5}}, {"first": cell}):
        with pytest.raises(ValueError, match="architecture 0 has the parts"):
            PRODUCT.encode([parts])
    with pytest.raises(ValueError, match=r"when\['third'\]: there is no such part"):
        ProductSpace(PRODUCT.spaces, when={"third": {"training.block": True}})
    with pytest.raises(ValueError, match=r"there is no parameter 'first.edge_0'"):
        ProductSpace(PRODUCT.spaces, when={"second": {"first.edge_0": 1}})
    with pytest.raises(ValueError, match="cycle"):
        ProductSpace(PRODUCT.spaces, when={"training": {"late.more": 1}, "late": {"training.block": True}})


def test_studies_of_products_suggest_what_is_there():
    pool = EvolutionaryCandidateSampler(n_candidates=30)
    sampler = PBNASSampler(PRODUCT, Ridge(), pool, seed=0)
    study = optuna.create_study(sampler=sampler, direction="maximize")
    study.optimize(lambda trial: float(len(PRODUCT.suggest(trial))), n_trials=16)
    rows = np.stack([PRODUCT.params_to_row(trial.params) for trial in study.trials])
    assert len(set(PRODUCT.canonical_key(rows).tolist())) == 16 and study.best_value == 5
