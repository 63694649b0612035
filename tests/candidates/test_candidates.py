"""The pools S': contracts of scikit-learn, and what every pool and each kind of pool promises."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
        pool = sampler.sample(10_000)
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


def test_bad_parameters_are_refused(observed):
    for parameters in ({"n_candidates": 0}, {"mutation_ratio": 1.5}, {"n_parents": 0}, {"space": "cells"}):
        with pytest.raises(ValueError, match=next(iter(parameters))):
            EvolutionaryCandidateSampler(**parameters).fit(*observed)
