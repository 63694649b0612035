"""The expected improvement, and how a search is told of it."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from skpbnas import GPRankPredictor
from skpbnas.predictors._improvement import log_expected_improvement


@pytest.mark.parametrize(("mean", "std"), [(0.3, 0.5), (0.0, 1.0), (-0.4, 0.3), (-2.0, 0.5), (2.0, 0.01)])
def test_it_is_the_integral_over_what_is_better(mean, std):
    high = max(mean, 0) + 12 * std
    expected, _ = quad(lambda x: x * norm.pdf(x, mean, std), 0, high, epsabs=0, points=[max(mean, 1e-9)])
    assert log_expected_improvement(np.array([mean]), np.array([std]))[0] == pytest.approx(
        np.log(expected), rel=1e-6
    )


def test_it_tells_hopeless_rows_apart():
    means = -np.concatenate([np.linspace(0, 3, 301), np.geomspace(3, 1e8, 300)])
    values = log_expected_improvement(means, np.ones(len(means)))
    assert np.isfinite(values).all() and (np.diff(values) < 0)[means[1:] != means[:-1]].all()
    certain = log_expected_improvement(np.array([-1.0, 0.0, 1.0]), np.zeros(3))
    assert np.isfinite(certain).all() and certain[2] == pytest.approx(0)


def improving(X, y):
    return GPRankPredictor(n_nodes=1, targets="values", exploration="improvement").fit(X, y)


def test_a_search_is_told_where_it_may_improve(rng):
    X = np.linspace(0, 1, 9)[:, None]
    model = improving(X, -((X[:, 0] - 0.45) ** 2))
    grid = np.linspace(0, 1, 401)[:, None]
    assert abs(grid[model.acquisition(grid).argmax(), 0] - 0.45) < 0.03
    mean, _ = model.predict(grid, return_std=True)
    assert np.array_equal(model.predict(grid), mean)  # scores have no bonus
    bound = GPRankPredictor(n_nodes=1, targets="values", exploration=2.0).fit(X, X[:, 0])
    assert np.array_equal(bound.acquisition(grid), bound.predict(grid))


def test_what_is_pending_is_no_improvement_any_more():
    X = np.linspace(0, 1, 9)[:, None]
    model = improving(X, -((X[:, 0] - 0.45) ** 2))
    grid = np.linspace(0, 1, 401)[:, None]
    best = grid[model.acquisition(grid).argmax()][None]
    after = model.with_pending(best)
    assert after.acquisition(best)[0] < model.acquisition(best)[0] - 2
    bolder = model.with_margin(0.5)
    moved = np.abs(grid[bolder.acquisition(grid).argmax()] - X).min() - np.abs(best - X).min()
    assert (bolder.acquisition(grid) < model.acquisition(grid)).all() and moved >= 0


def test_rows_that_are_nearly_the_same_are_no_trouble(rng):
    X = np.concatenate([rng.random((20, 3)), 0.5 + 1e-9 * rng.random((40, 3))])
    y = np.sin(3 * X.sum(axis=1))
    model = improving(X, y)
    assert np.isfinite(model.acquisition(rng.random((50, 3)))).all()
    assert np.isfinite(model.with_pending(X[-5:] + 1e-10).acquisition(X)).all()
