"""Spaces that break their contract: a search says what is wrong, and keeps what it has evaluated."""

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from skpbnas import EvolutionaryCandidateSampler, PredictorBasedSearch
from skpbnas.spaces import ChainSpace, ConstrainedSpace, InfeasibleSpaceError


def broken(**methods) -> ChainSpace:
    """Return a chain of 20 layers but for some methods."""
    return type("BrokenSpace", (ChainSpace,), methods)([range(10)] * 20)


def make(space) -> PredictorBasedSearch:
    pool = EvolutionaryCandidateSampler(n_candidates=40)
    return PredictorBasedSearch(space, LinearRegression(), pool, random_state=0)


def sevens(self, n, rng):
    return np.full((n, self.n_features), 7.0, np.float32)


def one_boolean(self, X):
    return True


def no_row_is_valid(self, X):
    return np.zeros(len(X), bool)


def nothing(self, *arguments):
    return None


def a_column_less(self, *parents):
    return parents[0][:, :-1]


@pytest.mark.parametrize(
    ("methods", "n_told", "message"),
    [
        ({"sample": sevens}, 0, "no architecture to start from: is_valid refused all that sample drew"),
        ({"is_valid": no_row_is_valid}, 0, r"check_space\(space\) tells what BrokenSpace does wrong"),
        ({"is_valid": one_boolean}, 0, r"is_valid returned an array of bool of shape \(\)"),
        ({"mutate": nothing}, 4, r"drew an array of shape \(\) where .* sample, mutate and crossover must"),
        ({"crossover": a_column_less}, 4, r"BrokenSpace drew an array of shape \(\d+, 439\)"),
    ],
)
def test_it_is_said_which_method_is_wrong_and_what_was_told_stays(methods, n_told, message):
    search = make(broken(**methods))
    with pytest.raises(ValueError, match=message):
        search.run(sum, 20)
    assert len(search.history_) == n_told


@pytest.mark.parametrize("method", ["mutate", "crossover"])
def test_a_search_goes_on_with_children_that_are_never_valid(method):
    space = broken(**{method: lambda self, X, *others: np.full_like(X, np.nan)})
    assert make(space).run(sum, 12).history_["score"].notna().sum() == 12


def decode_until(count):
    """Return a method that decodes so many rows, one by one, and then no more."""
    left = iter(range(count))

    def decode(self, X):
        return [] if next(left, None) is None else ChainSpace.decode(self, X)

    return decode


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("n_jobs", [1, 3])
def test_what_cannot_be_decoded_is_an_error_and_the_others_under_way_are_told(n_jobs, asynchronous):
    search = make(broken(decode=decode_until(10)))
    with (
        joblib.parallel_config("threading"),
        pytest.raises(
            ValueError, match=r"space.decode returned \[\] for one row; it must return a list of one"
        ),
    ):
        search.run(sum, 20, n_jobs=n_jobs, asynchronous=asynchronous)
    assert search.history_["score"].notna().sum() == 10


def test_a_search_where_nothing_is_feasible_says_so():
    space = ConstrainedSpace(broken(), lambda X: np.zeros(len(X), bool))
    with pytest.raises(InfeasibleSpaceError, match="loosen feasible="):
        make(space).run(sum, 20)
