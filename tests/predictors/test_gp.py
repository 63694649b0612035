"""The Gaussian process: contracts, its gradient, what it depends on, and what its uncertainty means."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import kendalltau
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, RationalQuadratic, WhiteKernel
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_info, threadpool_limits

from skpbnas import CellSpace, GPRankPredictor
from skpbnas.predictors import _gp
from skpbnas.predictors._gp import negative_log_posterior
from skpbnas.spaces import NASBench101Space

SPACE = CellSpace(6, ["a", "b"])


@parametrize_with_checks([GPRankPredictor(), GPRankPredictor(exploration=1.0)])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture
def cells(rng) -> tuple[np.ndarray, np.ndarray]:
    X = SPACE.sample(200, rng)
    n_a = X[:, 36:].reshape(-1, 6, 4)[:, :, 1].sum(axis=1)
    return X, n_a - 0.1 * X[:, :36].sum(axis=1) + 0.05 * rng.normal(size=200)


def test_the_gradient_is_that_of_the_density(rng):
    Z, t, kind = rng.normal(size=(20, 6)), rng.normal(size=20), np.array([0, 0, 1, 1, 1, 2])
    prior = np.array([[-0.5, 2.0]] * 3 + [[0.0, 2.0], [-2.0, 1.5]])
    theta = rng.normal(size=5)
    numeric = approx_fprime(theta, lambda x: negative_log_posterior(x, Z, t, kind, prior)[0], 1e-7)
    np.testing.assert_allclose(
        negative_log_posterior(theta, Z, t, kind, prior)[1], numeric, rtol=1e-4, atol=1e-4
    )


def test_given_its_parameters_it_is_the_process_of_scikit_learn(rng):
    X = rng.normal(size=(40, 3))
    y = X[:, 0] + X[:, 1] ** 2 + 0.1 * rng.normal(size=40)
    model = GPRankPredictor().fit(X, y)
    scales = np.array([model.scales_[f"x{k}"] for k in range(3)]) / X.std(axis=0)
    # 1 / (1 + d^2) is scikit-learn's kernel with alpha = 1 at length scale sqrt(1 / 2).
    kernel = ConstantKernel(model.amplitude_) * RationalQuadratic(np.sqrt(0.5), 1.0)
    reference = GaussianProcessRegressor(kernel + WhiteKernel(model.noise_), alpha=1e-6, optimizer=None)
    reference.fit(X * scales, model._targets.values)
    new = rng.normal(size=(15, 3))
    mean, std = reference.predict(new * scales, return_std=True)
    np.testing.assert_allclose(model.predict(new), model._targets.inverse(mean), rtol=1e-8)
    std = np.sqrt(std**2 - model.noise_)  # of the process without the noise of an observation
    optimistic = GPRankPredictor(exploration=2.0).fit(X, y)
    np.testing.assert_allclose(optimistic.predict(new), model._targets.inverse(mean + 2 * std), rtol=1e-6)


def test_only_the_order_of_the_targets_matters(cells):
    X, y = cells
    plain = GPRankPredictor(6).fit(X[:100], y[:100])
    stretched = GPRankPredictor(6).fit(X[:100], np.exp(3 * y[:100]))
    assert kendalltau(plain.predict(X), stretched.predict(X)).statistic > 0.999
    assert plain.score(X[100:], y[100:]) > 0.8


def test_isomorphic_rows_have_the_same_score(cells, rng):
    X, y = cells
    model = GPRankPredictor(6).fit(X[:50], y[:50])
    order = rng.permutation(6)
    A, F = X[:, :36].reshape(-1, 6, 6), X[:, 36:].reshape(-1, 6, 4)
    shuffled = np.concatenate(
        [A[:, order][:, :, order].reshape(200, -1), F[:, order].reshape(200, -1)], axis=1
    )
    np.testing.assert_allclose(model.predict(shuffled), model.predict(X), rtol=1e-6)


def test_it_is_surer_of_what_it_has_seen(cells):
    X, y = cells
    _, unique = np.unique(SPACE.canonical_key(X), return_index=True)
    X, y = X[unique], y[unique]
    model = GPRankPredictor(6).fit(X[:60], y[:60])
    _, seen = model.predict(X[:60], return_std=True)
    _, unseen = model.predict(X[60:], return_std=True)
    assert (seen >= 0).all() and np.median(seen) < np.median(unseen)


def test_rows_beyond_those_tuned_on_count(cells):
    X, y = cells
    few = GPRankPredictor(6, max_tuning_rows=40)
    scores = [few.fit(X[:n], y[:n]).score(X[150:], y[150:]) for n in (40, 150)]
    assert scores[0] < scores[1]


def test_constant_columns_and_a_single_row_are_no_problem(rng):
    space = NASBench101Space()
    X = space.sample(3, rng)
    model = GPRankPredictor(7).fit(X[:1], [0.9])
    np.testing.assert_allclose(model.predict(X), 0.9)
    model = GPRankPredictor(7).fit(np.repeat(X[:1], 5, axis=0), np.arange(5.0))
    assert np.ptp(model.predict(X)) == pytest.approx(0)


@pytest.mark.parametrize("exploration", [0.0, 0.5, 2.0])
def test_the_best_are_found_without_scoring_all(cells, monkeypatch, exploration):
    X, y = cells
    model = GPRankPredictor(SPACE.n_nodes, exploration=exploration).fit(X[:60], y[:60])
    everything = SPACE.enumerate()
    expected = model.predict(everything)
    monkeypatch.setattr(_gp, "_CHUNK", 64)
    for n in (1, 10, len(everything)):
        scores = model.predict_best(everything, n)
        scored = ~np.isnan(scores)
        np.testing.assert_allclose(np.sort(scores[scored])[-n:], np.sort(expected)[-n:], rtol=1e-9)
        np.testing.assert_allclose(scores[scored], expected[scored], rtol=1e-9)
        assert exploration == 0 or n > 10 or scored.sum() < len(everything) / 2
    with pytest.raises(ValueError, match="n=0 is not allowed"):
        model.predict_best(everything, 0)


def test_threads_are_as_before_after_a_fit_and_a_prediction(cells):
    X, y = cells
    with threadpool_limits(limits=2, user_api="blas"):
        before = [pool["num_threads"] for pool in threadpool_info()]
        GPRankPredictor(SPACE.n_nodes, exploration=1.0).fit(X, y).predict(X)
        assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_threads_are_as_before_after_fits_at_the_same_time(cells):
    X, y = cells
    with threadpool_limits(limits=2, user_api="blas"):
        before = [pool["num_threads"] for pool in threadpool_info()]
        with ThreadPoolExecutor(4) as threads:
            sizes = [20, 60, 150, 40, 100, 30, 80, 120]
            list(threads.map(lambda n: GPRankPredictor(SPACE.n_nodes).fit(X[:n], y[:n]), sizes))
        assert [pool["num_threads"] for pool in threadpool_info()] == before
