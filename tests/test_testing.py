"""The contracts: the library's own classes keep them, and a class that breaks a sentence is told which."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from skpbnas import (
    CellSpace,
    EvolutionaryCandidateSampler,
    ExhaustiveCandidateSampler,
    GCNRankPredictor,
    MaximumLikelihoodCandidateSampler,
    NASBench101Space,
    SearchSpace,
    UniformCandidateSampler,
)
from skpbnas.candidates import BaseCandidateSampler
from skpbnas.spaces import NASBench201Space
from skpbnas.testing import check_candidate_sampler, check_space

SPACE = CellSpace(4, ["a", "b"])


class SubsetSpace(SearchSpace):
    """All subsets of some items: the least that a user has to write. A row is a single node."""

    n_nodes = 1
    is_enumerable = True

    def __init__(self, n_items):
        self.n_node_features = n_items

    def __repr__(self):
        return f"SubsetSpace({self.n_node_features})"

    def __len__(self):
        return 2**self.n_node_features

    def enumerate(self):
        return self.encode(np.arange(len(self)))

    def get_feature_names_out(self):
        return np.array([f"node_0_{k}" for k in range(self.n_node_features)], object)

    def sample(self, n, rng):
        return self.encode(rng.integers(len(self), size=n))

    def mutate(self, X, probability, rng):
        return (X != (rng.random(X.shape) < probability)).astype(np.uint8)

    def crossover(self, X1, X2, rng):
        return np.where(rng.random(X1.shape) < 0.5, X1, X2)

    def is_valid(self, X):
        return ((X == 0) | (X == 1)).all(axis=1)

    def canonical_key(self, X):
        return np.asarray(self.decode(X), np.uint64)

    def canonicalize(self, X):
        return np.asarray(X, np.uint8)

    def discretize(self, Z):
        return self.canonicalize(Z > 0.5)

    def encode(self, architectures):
        numbers = np.asarray(architectures, np.int64)
        return (numbers[:, None] >> np.arange(self.n_features)[::-1] & 1).astype(np.uint8)

    def decode(self, X):
        return (np.asarray(X, np.int64) @ (1 << np.arange(self.n_features)[::-1])).tolist()


@pytest.mark.parametrize(
    "space",
    [CellSpace(2, ["a"]), SPACE, CellSpace(9, ["a", "b"], 12), NASBench201Space(), SubsetSpace(6)],
    ids=repr,
)
def test_spaces_keep_the_contract(space):
    check_space(space)


def test_the_space_of_nasbench101_keeps_the_contract():
    check_space(NASBench101Space(), n=20)


@settings(max_examples=10)
@given(st.integers(2, 5), st.integers(1, 3), st.integers(1, 10), st.integers(0, 1000))
def test_every_small_cell_space_keeps_the_contract(max_vertices, n_operations, max_edges, seed):
    most = max_vertices * (max_vertices - 1) // 2
    check_space(CellSpace(max_vertices, list("abc"[:n_operations]), min(max_edges, most)), 20, seed)


@pytest.mark.parametrize(
    "space",
    [CellSpace(5, ["a", "b"]), CellSpace(9, ["a", "b"], 12), NASBench201Space(), SubsetSpace(7)],
    ids=repr,
)
@pytest.mark.parametrize(
    "sampler",
    [
        ExhaustiveCandidateSampler(),
        UniformCandidateSampler(),
        MaximumLikelihoodCandidateSampler(
            predictor=GCNRankPredictor(hidden_dims=(8,), max_iter=5), n_steps=10
        ),
        EvolutionaryCandidateSampler(),
    ],
    ids=lambda sampler: type(sampler).__name__,
)
def test_candidate_samplers_keep_the_contract(sampler, space):
    if isinstance(sampler, ExhaustiveCandidateSampler) and not space.is_enumerable:
        with pytest.raises(TypeError, match="too large to be listed"):
            clone(sampler).set_params(space=space).fit(space.sample(2, np.random.default_rng(0)))
        return
    check_candidate_sampler(sampler, space)


# ------------------------------------------------------------------------- spaces that break a sentence


def overriding(method, replacement):
    """Return a space that is SPACE but for one method."""
    space_class = type("BrokenSpace", (CellSpace,), {method: replacement})
    globals()["BrokenSpace"] = space_class  # where pickle looks for it
    space_class.__module__ = __name__
    return space_class(4, ["a", "b"])


def mutate_in_place(self, X, probability, rng):
    X[:] = CellSpace.mutate(self, X, probability, rng)
    return X


def mutate_at_least_one(self, X, probability, rng):
    return CellSpace.mutate(self, X, max(probability, 0.5), rng)


def sample_from_anywhere(self, n, rng):
    return CellSpace.sample(self, n, np.random.default_rng())


def sample_with_repeats_in_the_list(self):
    everything = CellSpace.enumerate(self)
    return np.repeat(everything, 2, axis=0)[: len(everything)]


def key_of_the_row_as_it_is(self, X):
    return (np.asarray(X, np.uint64) * np.arange(self.n_features, dtype=np.uint64) ** 5).sum(axis=1)


def key_of_the_size(self, X):
    return np.asarray(X)[:, : self.n_nodes**2].sum(axis=1).astype(np.uint64)


def key_by_the_batch(self, X):
    return CellSpace.canonical_key(self, X) + np.arange(len(X), dtype=np.uint64)


def parameters_without_operations(self, row):
    return {**CellSpace.row_to_params(self, row), "op_node_0": "c"}


@pytest.mark.parametrize(
    ("method", "replacement", "sentence"),
    [
        ("sample", lambda self, n, rng: self.enumerate()[:5], r"shape \(50, 32\).* shape \(5, 32\)"),
        ("sample", sample_from_anywhere, "draws from rng only"),
        ("sample", lambda self, n, rng: np.ones((n, self.n_features)), "sample .* valid rows .row 0 and 49"),
        ("is_valid", lambda self, X: [True] * len(X), "one boolean per row"),
        ("is_valid", lambda self, X: np.ones(len(X), bool), "refuses a row that is not a number"),
        ("canonical_key", lambda self, X: np.zeros(len(X)), "unsigned 64-bit integer"),
        ("canonical_key", key_of_the_row_as_it_is, "is the same for a row in another order of nodes"),
        ("canonical_key", key_of_the_size, "tells apart exactly the rows"),
        ("canonical_key", key_by_the_batch, "alone or among others"),
        (
            "canonicalize",
            lambda self, X: np.array(X),
            "canonicalize .* returns the same for a row in another",
        ),
        ("mutate", mutate_in_place, "mutate .* leaves the parents as they are"),
        ("mutate", mutate_at_least_one, "changes no architecture where the probability is 0"),
        ("mutate", lambda self, X, probability, rng: X.copy(), "makes valid children that are other"),
        ("crossover", lambda self, X1, X2, rng: self.sample(len(X1), rng), "where both parents are the same"),
        ("discretize", lambda self, Z: self.enumerate()[np.zeros(len(Z), int)], "maps space.relax.X. back"),
        ("decode", lambda self, X: CellSpace.decode(self, X)[1:], "one architecture per row"),
        ("encode", lambda self, cells: self.enumerate()[[0] * len(list(cells))], "encode .* undoes decode"),
        ("row_to_params", parameters_without_operations, r"within space.distributions\(\) .*op_node_0"),
        ("params_to_row", lambda self, params: self.enumerate()[0], "undoes row_to_params"),
        ("__len__", lambda self: 3, r"enumerate .* shape \(3, 32\)"),
        ("enumerate", sample_with_repeats_in_the_list, "every architecture once"),
        ("__repr__", object.__repr__, "checkpoints tell spaces apart by it"),
        (
            "get_feature_names_out",
            lambda self: np.arange(self.n_features),
            r"adjacency_\{i\}_\{j\}, row by row",
        ),
    ],
)
def test_a_space_that_breaks_a_sentence_is_told_which(method, replacement, sentence):
    with pytest.raises(AssertionError, match=sentence) as raised:
        check_space(overriding(method, replacement))
    assert str(raised.value).startswith("BrokenSpace.")


def test_a_space_that_cannot_be_sent_to_another_process_is_told_so():
    class Local(SubsetSpace):
        pass

    with pytest.raises(AssertionError, match="Local.pickle .* at the top of a module"):
        check_space(Local(3))


# ----------------------------------------------------------------------- samplers that break a sentence


class FirstRows(BaseCandidateSampler):
    """The whole contract in the least of code."""

    def __init__(self, space=None, n_candidates=10, random_state=None):
        self.space = space
        self.n_candidates = n_candidates
        self.random_state = random_state

    _parameter_constraints: dict = {}

    def _draw_pool(self, pool, n, rng):
        pool.add(self.space_.enumerate(), n)

    def _transform_rows(self, X):
        return X


class NotItself(FirstRows):
    def fit(self, X, y=None):
        super().fit(X, y)


class ForgetsExclude(FirstRows):
    def sample(self, n=None, exclude=None, random_state=None):
        return super().sample(n, None, random_state)


class KeepsIsomorphic(FirstRows):
    def sample(self, n=None, exclude=None, random_state=None):
        pool = super().sample(n, exclude, random_state)
        return np.concatenate([pool[:1], pool])[: len(pool)]


class Forgetful(FirstRows):
    def _draw_pool(self, pool, n, rng):
        pool.fill_from_all(n, np.random.default_rng())


class Global(FirstRows):
    def _draw_pool(self, pool, n, rng):
        np.random.random()
        super()._draw_pool(pool, n, rng)


class GivesUpInSilence(FirstRows):
    def sample(self, n=None, exclude=None, random_state=None):
        try:
            return super().sample(n, exclude, random_state)
        except UserWarning:
            raise RuntimeError from None


class GivesUp(FirstRows):
    def _draw_pool(self, pool, n, rng):
        pool.add(self.space_.enumerate()[3:], n)


class DependsOnTheBatch(FirstRows):
    def _transform_rows(self, X):
        return np.tile(X[:1], (len(X), 1))


class Invalid(FirstRows):
    def _transform_rows(self, X):
        return X * 0


def test_a_sampler_of_the_base_class_needs_no_more_than_two_methods():
    check_candidate_sampler(FirstRows(), CellSpace(5, ["a", "b"]))


@pytest.mark.parametrize(
    ("sampler_class", "sentence"),
    [
        (NotItself, "fit .* returns the sampler itself"),
        (ForgetsExclude, "isomorphic to an excluded one"),
        (KeepsIsomorphic, "no two isomorphic rows"),
        (Forgetful, "the same pool for the same random_state"),
        (Global, "NumPy's global generator"),
        (GivesUp, "returns all rows that are new where the space holds no more"),
        (DependsOnTheBatch, "transform .* alone or among others"),
        (Invalid, "transform .* returns valid rows .row 0 and 29 others"),
    ],
)
def test_a_sampler_that_breaks_a_sentence_is_told_which(sampler_class, sentence):
    with pytest.raises(AssertionError, match=sentence) as raised:
        check_candidate_sampler(sampler_class(), CellSpace(5, ["a", "b"]))
    assert str(raised.value).startswith(f"{sampler_class.__name__}.")
