"""Chains: rows are paths of layers, and their operators respect order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skpbnas import EvolutionaryCandidateSampler, PredictorBasedSearch
from skpbnas.predictors import GPRankPredictor
from skpbnas.spaces import ChainSpace, Identity, Unordered
from skpbnas.testing import check_candidate_sampler, check_space

WIDTHS = ChainSpace([range(64, 512)] * 50)
MIXED = ChainSpace([range(8, 65, 8), [1, 2, 4, None], ["relu", "silu", None], [0.5]])

LAYERS = st.one_of(
    st.builds(range, st.integers(-3, 3), st.integers(4, 9)),
    st.lists(st.integers(-9, 9), min_size=1, max_size=5, unique=True).map(sorted),
    st.lists(st.sampled_from("abcde"), min_size=1, max_size=4, unique=True),
    st.lists(st.integers(1, 9), min_size=1, max_size=4, unique=True).map(lambda o: [None, *sorted(o)]),
)


@settings(max_examples=30)
@given(st.lists(LAYERS, min_size=1, max_size=6), st.integers(0, 1000))
def test_every_chain_keeps_the_contract(choices, seed):
    check_space(ChainSpace(choices), 20, seed)


def test_the_widths_of_a_resnet50_keep_the_contract():
    check_space(WIDTHS, n=10)
    assert WIDTHS.n_architectures == 448**50
    with pytest.raises(TypeError, match="cannot be counted"):
        len(WIDTHS)


def test_pools_of_chains_keep_the_contract():
    check_candidate_sampler(EvolutionaryCandidateSampler(), MIXED)


def test_a_row_is_the_path_of_the_layers_that_are_there():
    X = MIXED.encode([(8, None, "silu", 0.5), (64, 4, None, 0.5)])
    A = X[:, :16].reshape(2, 4, 4)
    assert np.argwhere(A[0]).tolist() == [[0, 2], [2, 3]]
    assert np.argwhere(A[1]).tolist() == [[0, 1], [1, 3]]
    features = X[1, 16:].reshape(4, 4)
    assert features[:2].tolist() == [[0.25, 1, 0, 0], [0.5, 1, 0, 0]]  # the largest width, the largest number
    assert not features[2].any()


def test_every_choice_is_drawn_equally_often(rng):
    keys, counts = np.unique(MIXED.canonical_key(MIXED.sample(len(MIXED) * 200, rng)), return_counts=True)
    assert len(keys) == len(MIXED) == 8 * 4 * 3
    assert counts.min() > 140 and counts.max() < 260


def test_numbers_move_in_small_steps(rng):
    """In the middle of 448 widths a mutation moves by 36 on average, and a uniform one would by 112."""
    X = WIDTHS.encode([[288] * 50] * 50)
    moved = np.array(WIDTHS.decode(WIDTHS.mutate(X, 1.0, rng))) - 288
    assert (moved != 0).all()
    assert 25 < np.abs(moved).mean() < 50
    assert abs((moved > 0).mean() - 0.5) < 0.05


@pytest.mark.parametrize("probability", [0.1, 0.5])
def test_layers_change_with_the_given_probability(probability, rng):
    space = ChainSpace([range(5), ["a", "b"], [1, None], [1, 2]] * 5)
    X = space.sample(500, rng)
    children = space.decode(space.mutate(X, probability, rng))
    changed = np.array(space.decode(X), object) != np.array(children, object)
    assert abs(changed[:, [0, 1, 3]].mean() - probability) < 0.03


def test_a_child_has_each_layer_from_one_of_its_parents(rng):
    X = MIXED.sample(100, rng)
    children = MIXED.decode(MIXED.crossover(X, X[::-1], rng))
    parents = MIXED.decode(X)
    for child, first, second in zip(children, parents, parents[::-1], strict=True):
        assert all(c in (a, b) for c, a, b in zip(child, first, second, strict=True))


def test_chains_whose_number_exceeds_64_bits_have_different_keys(rng):
    X = np.repeat(WIDTHS.sample(10, rng), 50, axis=0)
    near = WIDTHS.mutate(X, 0.02, rng)
    assert len(np.unique(WIDTHS.canonical_key(near))) == len(set(WIDTHS.decode(near)))


def test_a_search_finds_better_widths_than_chance():
    space = ChainSpace([range(64, 512)] * 10)
    target = np.linspace(100, 400, 10)

    def objective(widths):
        return -np.mean(np.abs(np.array(widths) - target))

    def best(predictor):
        search = PredictorBasedSearch(space, predictor, random_state=0)
        return search.run(objective, n_evaluations=60).best_score_

    assert best(GPRankPredictor(n_nodes=1, exploration=1.0)) > best("random") + 10


@pytest.mark.parametrize(
    ("choices", "error", "message"),
    [
        ([], ValueError, "choices is empty"),
        ([range(5, 3)], ValueError, r"choices\[0\] has 0 choices .* above its start"),
        ([[1], [None]], ValueError, r"choices\[1\] has 0 choices"),
        ([[3, 1]], ValueError, "not in increasing order; sort"),
        ([["a", "a"]], ValueError, "has a choice twice"),
        (["relu"], TypeError, "'relu' is not allowed; give a range or a list"),
        ([range(10**6)], ValueError, "give 1 to 65536"),
        ([[3, 5, None, Identity()]], ValueError, "leaves the layer out in 2 ways"),
        ([["a", Identity("a")]], ValueError, "has a choice twice"),
        ([[Identity()]], ValueError, r"choices\[0\] has 0 choices"),
        (
            [[1, 2, Identity(0)]],
            ValueError,
            r"give floats .* Unordered\(\[1, 2, Identity\(0\)\]\)",
        ),
    ],
)
def test_contradictory_choices_are_refused(choices, error, message):
    with pytest.raises(error, match=message):
        ChainSpace(choices)


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ((8, 1, "relu"), "architecture 0 has 3 layers"),
        ((9, 1, "relu", 0.5), r"has 9 in layer 0; allowed are range\(8, 65, 8\)"),
        ((None, 1, "relu", 0.5), "has None in layer 0"),
    ],
)
def test_chains_of_another_space_are_refused(chain, message):
    with pytest.raises(ValueError, match=message):
        MIXED.encode([chain])


def test_numbers_that_are_codes_have_no_order_where_they_are_called_so(rng):
    space = ChainSpace([Unordered([2, 0, 1]), Unordered([0, 1, 2, None])])
    check_space(space)
    X = space.sample(50, rng)
    assert (space.encode(space.decode(X)) == X).all()
    rows = space.encode([(2, 0), (0, 0), (1, 0)])
    distances = np.abs(rows[:, None] - rows).sum(axis=2)[~np.eye(3, dtype=bool)]
    assert np.ptp(distances) == 0
    assert eval(repr(space)) == space != ChainSpace([Unordered([0, 1, 2])] * 2)


@pytest.mark.parametrize("layer", [[0, 1, 2], (0, 1, 2, 3, None)])
def test_numbers_that_may_be_codes_are_refused(layer):
    with pytest.raises(ValueError, match=r"choices\[1\]=.* may be amounts or codes; give range\(\d\)"):
        ChainSpace([range(3), layer])
