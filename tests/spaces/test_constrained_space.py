"""Constraints hold in everything that is drawn."""

import warnings

import numpy as np
import pytest

from skpbnas import (
    EvolutionaryCandidateSampler,
    ExhaustiveCandidateSampler,
    GCNRankPredictor,
    MaximumLikelihoodCandidateSampler,
    PredictorBasedSearch,
    UniformCandidateSampler,
)
from skpbnas.candidates import SpaceExhaustedWarning
from skpbnas.spaces import CellSpace, ChainSpace, ConstrainedSpace, InfeasibleSpaceError
from skpbnas.testing import check_candidate_sampler, check_space


def few_edges(X):
    return X[:, :25].sum(axis=1) <= 5


def total_below_half(X):
    return X[:, 2501::2].mean(axis=1) < 0.5


CELLS = ConstrainedSpace(CellSpace(5, ["a", "b"]), few_edges)
WIDTHS = ConstrainedSpace(ChainSpace([range(64, 512)] * 50), total_below_half)
SAMPLERS = [
    ExhaustiveCandidateSampler(),
    UniformCandidateSampler(),
    MaximumLikelihoodCandidateSampler(predictor=GCNRankPredictor(hidden_dims=(8,), max_iter=5), n_steps=5),
    EvolutionaryCandidateSampler(),
]


@pytest.mark.parametrize("space", [CELLS, WIDTHS], ids=["cells", "widths"])
def test_constrained_spaces_keep_the_contract(space):
    check_space(space, n=10)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: type(sampler).__name__)
def test_every_pool_holds_the_constraint(sampler):
    check_candidate_sampler(sampler, CELLS)  # all rows valid, that is feasible, and all of them in the end


def test_a_listed_space_is_filtered():
    assert 0 < len(CELLS) < len(CELLS.space)
    assert few_edges(CELLS.enumerate()).all()
    assert len(CELLS) == few_edges(CELLS.space.enumerate()).sum()


def test_a_search_evaluates_feasible_architectures_only():
    search = PredictorBasedSearch(CELLS, random_state=0)
    search.run(lambda cell: int(cell.adjacency.sum()), n_evaluations=16)
    assert search.history_["score"].max() == 5


def test_where_nothing_is_feasible_the_error_says_so(rng):
    for space in (CELLS.space, ChainSpace([range(1000)] * 3)):
        nothing = ConstrainedSpace(space, lambda X: np.zeros(len(X), bool))
        with pytest.raises(InfeasibleSpaceError, match="none of .* is feasible; .*feasible="):
            nothing.sample(3, rng)
        with pytest.raises(InfeasibleSpaceError):
            PredictorBasedSearch(nothing, random_state=0).ask()


@pytest.mark.parametrize(
    "answer", [lambda X: True, lambda X: np.ones(len(X)), lambda X: np.ones((len(X), 1), bool)]
)
def test_a_constraint_that_is_not_a_mask_is_refused(answer, rng):
    with pytest.raises(ValueError, match="must return one boolean for each row"):
        ConstrainedSpace(CELLS.space, answer).sample(3, rng)


def test_a_search_goes_on_until_all_feasible_architectures_are_evaluated():
    space = ConstrainedSpace(ChainSpace([range(10)] * 2), lambda X: X[:, 5] > 0.95)
    search = PredictorBasedSearch(space, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpaceExhaustedWarning)
        search.run(sum, n_evaluations=50)
    assert len(search.history_) == len(space) == 10


@pytest.mark.parametrize(
    "of_one", [lambda X: bool(X.sum(axis=1) < 5), lambda cell: cell.adjacency.sum() < 5], ids=["row", "cell"]
)
def test_a_constraint_of_one_architecture_is_told_to_take_rows(of_one):
    with pytest.raises(ValueError, match="rows at once.*one architecture.*space.decode"):
        ConstrainedSpace(CellSpace(4, ["a", "b"]), of_one).sample(1, 0)


def test_errors_of_a_constraint_itself_are_left_as_they_are():
    def broken(X):
        raise ValueError("of its own")

    with pytest.raises(ValueError, match="^of its own$"):
        ConstrainedSpace(CellSpace(4, ["a"]), broken).sample(1, 0)
