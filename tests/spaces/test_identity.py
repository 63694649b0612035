"""Layers that do nothing commute with those beside them that are alike, and with no others."""

from itertools import product

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skpbnas import PBNASSampler, PredictorBasedSearch
from skpbnas.spaces import ChainSpace, Identity, Unordered
from skpbnas.testing import check_space

STAGES = ChainSpace(
    [["a", "b"], *[["a", "b", Identity()]] * 3, ["a", "b", None], *[["a", "b", Identity("-")]] * 2]
)

SKIP = st.sampled_from([None, Identity(), Identity("skip"), Identity(0, stage=1)])
LAYER = st.one_of(
    st.tuples(st.sampled_from([(3, 5), (2.5,), ("a", "b")]), SKIP).map(lambda two: [*two[0], two[1]]),
    st.just(Unordered([1, 2, Identity(0)])),
    st.just(range(3)),
)
CHAINS = st.lists(st.tuples(LAYER, st.integers(1, 4)), min_size=1, max_size=3).map(
    lambda runs: [layer for layer, length in runs for _ in range(length)]
)


def what_is_left(chain):
    """Return the architecture of a chain of STAGES: in each run the layers that do something."""
    runs = chain[:1], chain[1:4], chain[4:5], chain[5:]
    return [[layer for layer in run if layer not in (None, "-")] for run in runs]


@settings(max_examples=30, deadline=None)
@given(CHAINS, st.integers(0, 1000))
def test_every_chain_with_an_identity_keeps_the_contract(choices, seed):
    check_space(ChainSpace(choices), 20, seed)


def test_skipping_commutes_within_a_run_and_nowhere_else(rng):
    """Two chains are the same architecture exactly if each run has the same layers left, in their order."""
    runs = product(["a", "b", None], repeat=3)
    chains = [("a", *run, e, "-", f) for run in runs for e, f in ["ab", (None, "a")]]
    chains += STAGES.decode(STAGES.sample(500, rng))
    keys = STAGES.canonical_key(STAGES.encode(chains)).tolist()
    left = [str(what_is_left(chain)) for chain in chains]
    assert len(set(keys)) == len(set(left)) == len(set(zip(keys, left, strict=True))) < len(set(chains))


def test_chains_are_read_as_they_were_written_and_canonical_ones_have_the_skipped_layers_last():
    chain = ("a", None, "b", "a", None, "-", "b")
    X = STAGES.encode([chain])
    assert STAGES.decode(X) == [chain]
    assert STAGES.is_valid(X).all()
    assert STAGES.decode(STAGES.canonicalize(X)) == [("a", "b", "a", None, None, "b", "-")]


def test_architectures_are_counted_and_drawn_once_each(rng):
    space = ChainSpace([["a", "b", Identity()]] * 3 + [["a", None]])
    assert len(space) == (1 + 2 + 4 + 8) * 2 == len(set(space.canonical_key(space.enumerate()).tolist()))
    keys, counts = np.unique(space.canonical_key(space.sample(len(space) * 200, rng)), return_counts=True)
    assert len(keys) == len(space)
    assert counts.min() > 140 and counts.max() < 260
    deep = ChainSpace([[*range(100, 300), Identity()]] * 200)  # too many to count in floats
    depths = np.isfinite(deep.numbers(deep.sample(200, rng))).sum(axis=1)
    assert depths.min() >= 197


def test_what_stands_between_two_stages_keeps_their_runs_apart():
    first, second = [[3, 5, Identity(stage=stage)] for stage in (1, 2)]
    space = ChainSpace([first, first, second, second])
    keys = space.canonical_key(
        space.encode([(3, None, 5, 5), (None, 3, 5, 5), (None, None, 3, 5), (3, 5, 5, None)])
    )
    assert keys[0] == keys[1] and len(set(keys.tolist())) == 3
    assert eval(repr(space)) == space != ChainSpace([first] * 4)


def test_a_skipped_layer_comes_back_anywhere_in_its_run(rng):
    space = ChainSpace([["a", "b", Identity()]] * 3)
    X = np.repeat(space.encode([("a", "a", None)]), 3000, axis=0)
    children = {chain for chain in space.decode(space.mutate(X, 0.3, rng))}
    assert {("b", "a", "a"), ("a", "b", "a"), ("a", "a", "b")} <= children


@pytest.mark.slow
def test_no_architecture_is_evaluated_twice_under_another_name():
    space, seen = ChainSpace([["a", "b", Identity("skip")]] * 3), []

    def objective(chain):
        seen.append("".join(layer for layer in chain if layer != "skip"))
        return seen[-1].count("a")

    PredictorBasedSearch(space, random_state=0).run(objective, len(space))
    assert sorted(seen) == sorted(set(seen)) and len(seen) == 15
    study = optuna.create_study(direction="maximize", sampler=PBNASSampler(space, seed=0))
    study.optimize(lambda trial: objective(space.suggest(trial)), n_trials=12)
    assert len(set(seen[15:])) == 12


def test_chains_that_are_said_to_be_the_same_cost_the_same_in_a_real_table(shared_data):
    """The first block of each stage of NAS-Bench-Macro halves the resolution, and does not commute."""
    table = np.load(shared_data / "nasbench_macro.npz")
    first, other = ["identity", "k3", "k5"], [Identity("identity"), "k3", "k5"]
    space = ChainSpace([first, other, first, other, other, first, other, other])
    X = space.encode(np.array(first, object)[table["choices"]].tolist())
    keys, place = np.unique(space.canonical_key(X), return_inverse=True)
    assert len(keys) == len(space) == 3969
    for column in ("parameters", "flops"):
        values = table[column].astype(float)
        one = np.zeros(len(keys))
        one[place] = values
        np.testing.assert_array_equal(one[place], values)
