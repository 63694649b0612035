"""Rank scores, their treatment of ties, and their scorers."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score

from skpbnas.metrics import (
    best_rank_at_k,
    best_rank_at_k_scorer,
    kendall_tau,
    kendall_tau_scorer,
    precision_at_k,
    precision_at_k_scorer,
    spearman_rho,
    spearman_rho_scorer,
)


def test_perfect_and_reversed_rankings(rng):
    y = rng.normal(size=50)
    for score in (kendall_tau, spearman_rho):
        assert score(y, np.exp(y)) == pytest.approx(1)
        assert score(y, -y) == pytest.approx(-1)
    assert precision_at_k(y, y, k=5) == 1
    assert precision_at_k(y, -y, k=5) == 0
    assert best_rank_at_k(y, y, k=1) == 1
    assert best_rank_at_k(y, -y, k=5) == 46


def test_kendall_tau_counts_pairs(rng):
    y, z = rng.normal(size=(2, 30))
    upper = np.triu_indices(30, 1)
    signs = np.sign(np.subtract.outer(y, y) * np.subtract.outer(z, z))[upper]
    assert kendall_tau(y, z) == pytest.approx(signs.mean())


@pytest.mark.parametrize("score", [kendall_tau, spearman_rho])
def test_constant_predictions_score_zero(score):
    assert score([1, 2, 3], [5, 5, 5]) == 0
    assert score([5, 5, 5], [1, 2, 3]) == 0


def test_ties_at_the_kth_place_are_no_better_than_chance(rng):
    y = rng.permutation(100)
    assert precision_at_k(y, np.zeros(100), k=10) == pytest.approx(0.1)
    assert best_rank_at_k(y, np.zeros(100), k=10) == 91


def test_precision_is_the_mean_over_all_ways_to_break_ties(rng):
    y = rng.permutation(8)
    predicted = np.array([3, 2, 2, 2, 2, 1, 1, 0])
    ways = [
        np.isin(np.argsort(-(predicted + np.array([0, *order, 0, 0, 0]) / 10))[:3], np.argsort(-y)[:3]).mean()
        for order in permutations(range(4))
    ]
    assert precision_at_k(y, predicted, k=3) == pytest.approx(np.mean(ways))


def test_spearman_is_the_correlation_of_ranks(rng):
    y, z = rng.normal(size=(2, 40))
    ranks = np.argsort(np.argsort([y, z]))
    assert spearman_rho(y, z) == pytest.approx(np.corrcoef(ranks)[0, 1])


@pytest.mark.parametrize("score", [kendall_tau, spearman_rho, precision_at_k, best_rank_at_k])
def test_only_the_order_of_predictions_counts(score, rng):
    y, z = rng.normal(size=(2, 40))
    assert score(y, z) == score(y, np.exp(z)) == score(y**3, z)


def test_scorers_work_in_cross_validation(rng):
    X = rng.normal(size=(60, 3))
    y = X @ [1, 2, 3]
    for scorer in (kendall_tau_scorer, spearman_rho_scorer, precision_at_k_scorer):
        assert (cross_val_score(Ridge(), X, y, scoring=scorer, cv=3) > 0.8).all()
    assert (cross_val_score(Ridge(), X, y, scoring=best_rank_at_k_scorer, cv=3) == -1).all()
    assert (cross_val_score(DummyRegressor(), X, y, scoring=kendall_tau_scorer, cv=3) == 0).all()


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="k=4 is not allowed for 3 architectures"):
        precision_at_k([1, 2, 3], [1, 2, 3], k=4)
    with pytest.raises(ValueError, match="inconsistent"):
        kendall_tau([1, 2, 3], [1, 2])
    with pytest.raises(ValueError, match="y_pred contains NaN"):
        kendall_tau([1, 2], [1, np.nan])
