"""What a newcomer gets wrong in the first hour is answered with what to do."""

import logging
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skpbnas import (
    ArchitectureEncoder,
    Cell,
    CellSpace,
    ChainSpace,
    ConstrainedSpace,
    GPRankPredictor,
    PredictorBasedSearch,
    load_digits_cells,
    load_nasbench101,
)

SPACE = CellSpace(5, ["conv", "pool"])
CELL = Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv", "output"])


def n_convolutions(cell):
    return cell.operations.count("conv")


def search(space=SPACE, **options):
    return PredictorBasedSearch(space, "random", random_state=0, **options)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: search().run("objective", 4), "give a function that takes one architecture"),
        (lambda: search().run(n_convolutions, -1), "n_evaluations=-1 is not allowed"),
        (lambda: search().run(n_convolutions, 4.5), "n_evaluations=4.5 is not allowed; give a whole number"),
        (lambda: search().run(lambda cell: None, 4), "returned None; it must return one real number"),
        (lambda: search().run(lambda cell: -np.uint64(3), 4), "take float(...) before the minus"),
        (
            lambda: search().tell(SPACE.sample(2, 0), -np.ones(2, np.uint64)),
            "take float(...) before the minus",
        ),
        (lambda: search().best_score_, "call run(), ask() or tell() first"),
        (lambda: search(["conv"]).ask(), "must be an instance of"),
        (lambda: CellSpace(5, "conv"), "give a list of names, ['conv']"),
        (lambda: ChainSpace([8, 16]), "give a range or a list"),
        (lambda: SPACE.decode(SPACE.sample(1, 0)[0]), "pass X[None]"),
        (lambda: SPACE.encode(CELL), "pass [cell]"),
        (lambda: SPACE.is_valid([CELL, CELL]), "pass space.encode([architecture, ...])"),
        (lambda: load_digits_cells().objective("accuracy"), "did you mean 'test_accuracy'"),
        (lambda: load_nasbench101("missing.tfrecord"), "skpbnas nasbench101 download"),
        (
            lambda: ConstrainedSpace(SPACE, lambda cell: n_convolutions(cell) > 1).sample(3, 0),
            "seems to be written for one architecture",
        ),
    ],
)
def test_a_mistake_is_answered_with_what_to_do(mistake, message):
    with pytest.raises((ValueError, TypeError, KeyError, OSError, NotFittedError)) as caught:
        mistake()
    assert message in str(caught.value)


def test_scores_may_be_minus_the_number_of_edges():
    found = search().run(lambda cell: -cell.adjacency.sum(), 12)
    assert found.best_score_ < 0


def test_rows_of_graphs_without_their_number_of_nodes_are_warned_of():
    with pytest.warns(UserWarning, match="give n_nodes=5"):
        GPRankPredictor().fit(SPACE.sample(20, 0), np.arange(20.0))


def test_small_spaces_are_searched_without_a_warning_until_they_are_exhausted():
    small = CellSpace(4, ["conv", "pool"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search(small).run(n_convolutions, len(small) - 1)
    with pytest.warns(UserWarning, match="exhausted") as caught:
        search(small).run(n_convolutions, len(small) + 30)
    assert len(caught) == 1


def test_what_happens_is_logged_and_not_printed(caplog, capsys):
    with caplog.at_level(logging.INFO, logger="skpbnas"):
        search().run(n_convolutions, 6)
    assert "proposed 4" in caplog.text and capsys.readouterr() == ("", "")


def test_the_search_has_the_habits_of_scikit_learn():
    begun = PredictorBasedSearch(SPACE, "random", random_state=np.random.RandomState(0)).run(
        n_convolutions, 4
    )
    assert hasattr(begun, "history_") and not hasattr(clone(begun), "history_")
    again = PredictorBasedSearch(SPACE, "random", random_state=np.random.RandomState(0)).run(
        n_convolutions, 4
    )
    assert begun.history_["score"].tolist() == again.history_["score"].tolist()


@pytest.mark.parametrize(
    "space", [SPACE, ChainSpace([[8, 16, None], ["relu", "silu"]])], ids=lambda space: type(space).__name__
)
def test_an_encoder_takes_its_encoding_back(space):
    architectures = space.decode(space.sample(9, 0))
    encoder = ArchitectureEncoder(space).fit(architectures)
    rows = encoder.transform(architectures)
    back = encoder.inverse_transform(rows)
    assert space.canonical_key(encoder.transform(back)).tolist() == space.canonical_key(rows).tolist()
    named = encoder.set_output(transform="pandas").transform(architectures)
    assert encoder.inverse_transform(named) == back
    numbers = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(ArchitectureEncoder().fit(numbers).inverse_transform(numbers), numbers)
