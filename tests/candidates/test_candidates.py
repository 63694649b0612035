"""The pools S': contracts of scikit-learn, and what every pool and each kind of pool promises."""

import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from skpbnas import (
    CellSpace,
    EvolutionaryCandidateSampler,
    ExhaustiveCandidateSampler,
    GCNRankPredictor,
    MaximumLikelihoodCandidateSampler,
    UniformCandidateSampler,
)
from skpbnas.candidates import SpaceExhaustedWarning

SPACE = CellSpace(5, ["a", "b"])
ALL = [
    ExhaustiveCandidateSampler,
    UniformCandidateSampler,
    MaximumLikelihoodCandidateSampler,
    EvolutionaryCandidateSampler,
]


@pytest.mark.slow
@parametrize_with_checks([sampler() for sampler in ALL])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def observed() -> tuple[np.ndarray, np.ndarray]:
    X = SPACE.enumerate()[np.random.default_rng(0).permutation(len(SPACE))[:60]]
    return X, X[:, :25].sum(axis=1) + 0.1 * X[:, 25:].reshape(-1, 5, 4)[:, :, 2].sum(axis=1)


def fitted(sampler_class, observed, space=SPACE, **parameters):
    if sampler_class is MaximumLikelihoodCandidateSampler:
        parameters["predictor"] = GCNRankPredictor(space.n_nodes, max_iter=40, random_state=0)
    return sampler_class(space, random_state=0, **parameters).fit(*observed)


@pytest.mark.parametrize("sampler_class", ALL)
def test_pools_hold_new_distinct_valid_rows(sampler_class, observed):
    sampler = fitted(sampler_class, observed)
    pool = sampler.sample(150, exclude=observed[0])
    keys = SPACE.canonical_key(pool)
    assert pool.shape == (150, SPACE.n_features)
    assert SPACE.is_valid(pool).all()
    assert len(np.unique(keys)) == 150
    assert not np.isin(keys, SPACE.canonical_key(observed[0])).any()
    np.testing.assert_array_equal(pool, sampler.sample(150, exclude=observed[0]))


@pytest.mark.parametrize("sampler_class", ALL)
def test_a_space_that_holds_no_more_is_given_out_whole_with_a_warning(sampler_class, observed):
    sampler = fitted(sampler_class, observed)
    with pytest.warns(SpaceExhaustedWarning, match="727 of 800"):
        pool = sampler.sample(800, exclude=observed[0])
    assert len(np.unique(SPACE.canonical_key(pool))) == len(SPACE) - len(observed[0])
    with pytest.warns(SpaceExhaustedWarning, match="0 of 5"):
        assert sampler.sample(5, exclude=SPACE.enumerate()).shape == (0, SPACE.n_features)


@pytest.mark.parametrize("sampler_class", ALL)
def test_a_row_is_always_transformed_into_the_same_valid_row(sampler_class, observed):
    sampler = fitted(sampler_class, observed)
    X = SPACE.enumerate()[::40]
    whole = sampler.transform(X)
    assert whole.shape == X.shape
    assert SPACE.is_valid(whole).all()
    np.testing.assert_array_equal(sampler.transform(X[::-1])[::-1], whole)
    np.testing.assert_array_equal(sampler.transform(X[3:4]), whole[3:4])
    np.testing.assert_array_equal(sampler.transform(sampler.space.relax(X)), whole)  # isomorphic rows
    with pytest.raises(ValueError, match="row 0 is not valid"):
        sampler.transform(np.zeros((1, SPACE.n_features)))


@pytest.mark.parametrize("sampler_class", ALL)
def test_rows_of_another_space_are_refused(sampler_class):
    with pytest.raises(ValueError, match="X has 28 columns, but a row"):
        sampler_class(SPACE).fit(np.zeros((3, 28)), [1, 2, 3])


@settings(max_examples=20)
@given(st.integers(2, 4), st.integers(1, 3), st.integers(0, 2**31 - 1))
def test_evolutionary_pools_of_any_small_space_are_complete(max_vertices, n_operations, seed):
    space = CellSpace(max_vertices, list("abc"[:n_operations]))
    X = space.sample(3, np.random.default_rng(seed))
    sampler = EvolutionaryCandidateSampler(space, random_state=seed).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpaceExhaustedWarning)
        pool = sampler.sample(len(space) + 1)
    assert len(pool) == len(space)


def test_exhaustive_pools_are_the_whole_space(observed):
    sampler = fitted(ExhaustiveCandidateSampler, observed)
    assert len(sampler.sample()) == len(SPACE)
    assert len(sampler.sample(exclude=observed[0])) == len(SPACE) - len(observed[0])
    np.testing.assert_array_equal(sampler.transform(observed[0]), SPACE.canonicalize(observed[0]))


def test_uniform_pools_take_every_architecture_alike(observed):
    sampler = fitted(UniformCandidateSampler, observed)
    draws = [SPACE.canonical_key(sampler.sample(100, random_state=seed)) for seed in range(200)]
    _, counts = np.unique(np.concatenate(draws), return_counts=True)
    assert len(counts) == len(SPACE)
    assert counts.std() < 1.2 * np.sqrt(counts.mean())


def test_evolutionary_parents_are_the_best(observed):
    X, y = observed
    sampler = fitted(EvolutionaryCandidateSampler, observed, n_parents=5)
    np.testing.assert_array_equal(
        np.sort(y)[::-1][:5], [y[(X == row).all(axis=1)][0] for row in sampler.parents_]
    )


def test_evolutionary_pools_stay_near_good_parents_and_inherit_from_them():
    space = CellSpace(7, ["a", "b", "c"], 9)
    rng = np.random.default_rng(0)
    X = space.enumerate()[rng.permutation(len(space))[:100]]
    edges = X[:, :49].sum(axis=1)
    sampler = EvolutionaryCandidateSampler(space, n_candidates=300, random_state=0).fit(
        X, -edges.astype(float)
    )
    pool = sampler.sample(exclude=X)
    assert pool[:, :49].sum(axis=1).mean() < edges.mean() - 1


def test_the_mutation_ratio_is_respected():
    """With parents that share all their edges, only mutations have other ones."""
    space = CellSpace(7, ["a", "b", "c"])
    rng = np.random.default_rng(0)
    chain = np.eye(7, k=1, dtype=int)
    X = space.encode((chain, ["input", *rng.choice(["a", "b", "c"], 5), "output"]) for _ in range(20))
    sampler = EvolutionaryCandidateSampler(space, mutation_probability=0.2, random_state=0).fit(X)
    for ratio in (0.25, 0.75):
        pool = sampler.set_params(mutation_ratio=ratio).sample(80)
        chains = (pool[:, :49] == X[0, :49]).all(axis=1).sum()
        assert abs(chains - (1 - ratio) * 80) < 6


def test_maximum_likelihood_climbs(observed):
    sampler = fitted(MaximumLikelihoodCandidateSampler, observed)
    predictor, starts = sampler.predictor_, SPACE.sample(40, np.random.default_rng(1))
    ends = sampler.transform(starts)
    assert (predictor.predict(ends) >= predictor.predict(starts) - 1e-6).all()
    uniform = fitted(UniformCandidateSampler, observed).sample(100)
    assert predictor.predict(sampler.sample(100)).mean() > predictor.predict(uniform).mean() + 0.5


def test_maximum_likelihood_uses_a_fitted_predictor_as_it_is(observed):
    predictor = GCNRankPredictor(5, max_iter=5, random_state=0).fit(*observed)
    sampler = MaximumLikelihoodCandidateSampler(SPACE, predictor).fit(*observed)
    assert sampler.predictor_ is predictor


def test_maximum_likelihood_needs_a_differentiable_predictor(observed):
    from sklearn.linear_model import Ridge

    with pytest.raises(TypeError, match="needs a GCNRankPredictor"):
        MaximumLikelihoodCandidateSampler(SPACE, Ridge()).fit(*observed)


def test_maximum_likelihood_fits_a_clone_reproducibly_for_the_graphs_of_its_space(observed):
    given = GCNRankPredictor(max_iter=5)
    pools = [
        MaximumLikelihoodCandidateSampler(SPACE, given, random_state=3).fit(*observed).sample(20)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*pools)
    assert not hasattr(given, "n_nodes_")
    assert given.n_nodes is None


def test_maximum_likelihood_refuses_a_predictor_of_another_space(observed):
    space = CellSpace(4, ["a"])
    predictor = GCNRankPredictor(4, max_iter=2).fit(space.enumerate(), np.arange(len(space)))
    with pytest.raises(ValueError, match="fitted on rows of 28 columns, but those of space=.* have 45"):
        MaximumLikelihoodCandidateSampler(SPACE, predictor).fit(*observed)


def test_maximum_likelihood_leaves_the_threads_of_torch_as_they_are(observed):
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        fitted(MaximumLikelihoodCandidateSampler, observed).sample(5)
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)


def test_an_exhausted_neighbourhood_is_left_for_a_wider_one_before_the_ratio_is_given_up():
    """Crossovers of parents that differ in one operation are the parents, and so all must be mutations."""
    space = CellSpace(7, ["a", "b", "c"], 9)
    chain = np.eye(7, k=1, dtype=int)
    X = space.encode([(chain, ["input", *"abaab", "output"]), (chain, ["input", *"abaac", "output"])])
    sampler = EvolutionaryCandidateSampler(space, mutation_probability=0.001, random_state=0).fit(X)
    pool = sampler.sample(400, exclude=X)
    assert len(pool) == 400
    distance, random = ((rows[:, :49] != X[0, :49]).sum(axis=1).mean() for rows in (pool, space.enumerate()))
    assert distance < random / 2


def test_an_evolutionary_child_is_another_architecture_however_small_the_probability(observed):
    sampler = fitted(EvolutionaryCandidateSampler, observed, mutation_probability=1e-4)
    X = SPACE.enumerate()[::50]
    assert (SPACE.canonical_key(sampler.transform(X)) != SPACE.canonical_key(X)).all()


def test_an_exhaustive_sampler_lists_the_space_it_is_given_last(observed):
    sampler = fitted(ExhaustiveCandidateSampler, observed)
    other = CellSpace(4, ["a"])
    assert len(sampler.set_params(space=other).fit(other.enumerate()).sample()) == len(other)
    table = np.random.default_rng(0).random((9, 3))
    np.testing.assert_array_equal(sampler.set_params(space=None).fit(table).sample(), table)


@pytest.mark.parametrize("sampler_class", ALL)
def test_transformed_rows_keep_their_column_names_and_can_be_ranked(sampler_class, observed):
    X = pd.DataFrame(observed[0], columns=SPACE.get_feature_names_out())
    sampler = sampler_class(SPACE, random_state=0).fit(X, observed[1]).set_output(transform="pandas")
    new = sampler.transform(X)
    assert list(new.columns) == list(X.columns)
    assert GCNRankPredictor(max_iter=2).fit(new, observed[1]).n_nodes_ == SPACE.n_nodes


@pytest.mark.parametrize("sampler_class", ALL)
def test_pools_that_cannot_be_drawn_are_refused_with_the_reason(sampler_class, observed):
    sampler = fitted(sampler_class, observed)
    for n in (-1, 2.5, "all"):
        with pytest.raises(ValueError, match="n=.* is not allowed; give a whole number"):
            sampler.sample(n)
    for exclude in (observed[0][0], observed[0][:, 1:]):
        with pytest.raises(ValueError, match="exclude has shape .* has 45 columns"):
            sampler.sample(5, exclude=exclude)
    assert sampler.sample(5, exclude=[]).dtype == sampler.sample(0).dtype == observed[0].dtype
    with pytest.raises(NotFittedError):
        sampler_class(SPACE).sample(5)


def test_without_a_space_pools_stay_within_the_observed_range():
    X = np.random.default_rng(0).normal(size=(30, 4)) * [1, 1e6, 1e-6, 0] + [0, 0, 0, 5]
    for sampler_class in ALL:
        sampler = sampler_class(random_state=0).fit(X, X[:, 0])
        pool = sampler.sample(20, exclude=X[:5])
        assert pool.shape == (20, 4)
        assert (X.min(axis=0) <= pool).all()
        assert (pool <= X.max(axis=0)).all()
        assert not (pool[:, None] == X[None, :5]).all(axis=2).any()


class FirstColumn(BaseEstimator):
    """A predictor whose network returns the first column of a table."""

    def fit(self, X, y):
        self.module_ = ColumnNetwork()
        return self

    def predict(self, X):
        return X[:, 0]


class ColumnNetwork(torch.nn.Module):
    def forward(self, adjacency, features):
        return features[:, 0, 0]


@pytest.mark.parametrize("scale", [1e-3, 1, 1e3])
def test_without_a_space_climbing_crosses_a_range_of_any_scale(scale):
    X = np.random.default_rng(0).random((60, 3)) * scale
    sampler = MaximumLikelihoodCandidateSampler(predictor=FirstColumn(), random_state=0).fit(X, X[:, 0])
    assert sampler.transform(np.full((1, 3), 0.5 * scale))[0, 0] > 0.9 * X[:, 0].max()


@pytest.mark.slow
def test_drawing_without_climbing_does_not_import_torch():
    code = (
        "import sys; from skpbnas import CellSpace, EvolutionaryCandidateSampler as E;"
        "s = CellSpace(4, ['a']); E(s).fit(s.enumerate()).sample(3); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_bad_parameters_are_refused(observed):
    for parameters in ({"n_candidates": 0}, {"mutation_ratio": 1.5}, {"n_parents": 0}, {"space": "cells"}):
        with pytest.raises(ValueError, match=next(iter(parameters))):
            EvolutionaryCandidateSampler(**parameters).fit(*observed)
