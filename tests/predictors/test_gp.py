"""The Gaussian process: contracts, its gradient, what it depends on, and what its uncertainty means."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.spatial.distance import cdist
from scipy.stats import kendalltau
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, RationalQuadratic
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_info, threadpool_limits

from skpbnas import CellSpace, GPRankPredictor
from skpbnas.predictors import _gp, _kernel
from skpbnas.predictors import _threads as threads
from skpbnas.predictors._process import _WEIGHT, Process, log_prior
from skpbnas.spaces import ChainSpace, NASBench101Space

SPACE = CellSpace(6, ["a", "b"])


@pytest.mark.slow
@parametrize_with_checks([GPRankPredictor(), GPRankPredictor(exploration=1.0, targets="values")])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture
def cells(rng) -> tuple[np.ndarray, np.ndarray]:
    X = SPACE.sample(200, rng)
    n_a = X[:, 36:].reshape(-1, 6, 4)[:, :, 1].sum(axis=1)
    return X, n_a - 0.1 * X[:, :36].sum(axis=1) + 0.05 * rng.normal(size=200)


@pytest.mark.parametrize("n_earlier", [0, 2])
@pytest.mark.parametrize("shares", [1.0, 1 / np.arange(1, 21)])
@pytest.mark.parametrize("kept", [0, 2**20])
def test_the_gradient_is_that_of_the_density(rng, monkeypatch, kept, shares, n_earlier):
    monkeypatch.setattr(_kernel, "_MOST_ELEMENTS", kept)
    Z, t, kind = rng.normal(size=(20, 6)), rng.normal(size=20), np.array([0, 0, 1, 1, 1, 2])
    prior = log_prior(["graph a", "graph b", "layer c"], 6, n_earlier)
    evidence = _kernel.Evidence(Z, t, kind, prior, shares, rng.normal(size=(20, n_earlier)))
    u = rng.normal(size=5 + n_earlier)
    numeric = approx_fprime(u, lambda x: evidence(x)[0], 1e-7)
    np.testing.assert_allclose(evidence(u)[1], numeric, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("repeats", [None, 1 + np.arange(40) % 5])
def test_given_its_parameters_it_is_the_process_of_scikit_learn(rng, repeats):
    X = rng.normal(size=(40, 3))
    y = X[:, 0] + X[:, 1] ** 2 + 0.1 * rng.normal(size=40)
    model = GPRankPredictor().fit(X, y, n_repeats=repeats)
    scales = np.array([model.scales_[f"x{k}"] for k in range(3)]) / X.std(axis=0)
    # 1 / (1 + d^2) is scikit-learn's kernel with alpha = 1 at length scale sqrt(1 / 2).
    kernel = ConstantKernel(model.amplitude_) * RationalQuadratic(np.sqrt(0.5), 1.0)
    noise = model.noise_ / (1 if repeats is None else repeats)
    reference = GaussianProcessRegressor(kernel, alpha=noise + 1e-6, optimizer=None)
    reference.fit(X * scales, model._targets.values)
    new = rng.normal(size=(15, 3))
    mean, std = reference.predict(new * scales, return_std=True)
    np.testing.assert_allclose(model.predict(new), model._targets.inverse(mean), rtol=1e-8)
    optimistic = GPRankPredictor(exploration=2.0).fit(X, y, n_repeats=repeats)
    np.testing.assert_allclose(optimistic.predict(new), model._targets.inverse(mean + 2 * std), rtol=1e-6)


def test_scores_of_one_evaluation_each_are_scores_as_ever(cells):
    X, y = cells
    model, told = (GPRankPredictor(SPACE.n_nodes, exploration=2.0) for _ in range(2))
    expected = model.fit(X[:60], y[:60]).predict(X)
    np.testing.assert_array_equal(told.fit(X[:60], y[:60], n_repeats=np.ones(60)).predict(X), expected)


def test_a_mean_of_many_is_believed_more_than_a_single_score(cells):
    X, y = cells
    noisy, repeats = y + np.random.default_rng(1).normal(size=len(y)), np.ones(len(y))
    best = noisy.argmax()
    single = GPRankPredictor(SPACE.n_nodes).fit(X, noisy, n_repeats=repeats)
    repeats[best] = 50
    mean = GPRankPredictor(SPACE.n_nodes).fit(X, noisy, n_repeats=repeats)
    assert mean.predict(X[[best]])[0] > single.predict(X[[best]])[0]
    assert mean.predict(X[[best]], return_std=True)[1] < single.predict(X[[best]], return_std=True)[1]


@pytest.mark.parametrize("repeats", [[1, 2], np.zeros(200), np.full(200, np.nan)])
def test_numbers_of_repeats_that_do_not_fit_the_scores_are_refused(cells, repeats):
    with pytest.raises(ValueError, match="is not allowed for 200 scores"):
        GPRankPredictor(SPACE.n_nodes).fit(*cells, n_repeats=repeats)


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


@pytest.mark.slow
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


@pytest.mark.parametrize("tile", [7, 64, 512])
def test_tiles_add_up_to_the_whole(tile, rng, monkeypatch):
    monkeypatch.setattr(threads, "TILE", tile)
    A, B = rng.normal(size=(150, 200)), rng.normal(size=(150, 90))
    np.testing.assert_allclose(threads.product(A.T, B), A.T @ B, atol=1e-12)
    covariance = A @ A.T
    factor, solution = covariance.copy(), B.copy()
    threads.factorise(factor)
    np.testing.assert_allclose(np.tril(factor), np.linalg.cholesky(covariance), atol=1e-10)
    threads.solve_lower(factor, solution)
    np.testing.assert_allclose(np.tril(factor) @ solution, B, atol=1e-10)


def test_a_fit_and_a_prediction_have_the_same_bits_on_any_number_of_threads(rng):
    X = rng.normal(size=(1200, 4))  # enough that BLAS would share the work
    y = X[:, 0] + X[:, 1] ** 2
    scores = []
    for n_threads in (1, 3):
        with threadpool_limits(limits=n_threads, user_api="blas"):
            model = GPRankPredictor(exploration=1.0, max_tuning_rows=40).fit(X, y)
            scores.append(model.predict(X[:600], return_std=True))
    np.testing.assert_array_equal(*scores)


def test_threads_are_as_before_after_a_fit_and_a_prediction(cells):
    X, y = cells
    with threadpool_limits(limits=2, user_api="blas"):
        before = [pool["num_threads"] for pool in threadpool_info()]
        GPRankPredictor(SPACE.n_nodes, exploration=1.0).fit(X, y).predict(X)
        assert [pool["num_threads"] for pool in threadpool_info()] == before


@pytest.mark.slow
def test_threads_are_as_before_after_fits_at_the_same_time(cells):
    X, y = cells
    with threadpool_limits(limits=2, user_api="blas"):
        before = [pool["num_threads"] for pool in threadpool_info()]
        with ThreadPoolExecutor(4) as threads:
            sizes = [20, 60, 150, 40, 100, 30, 80, 120]
            list(threads.map(lambda n: GPRankPredictor(SPACE.n_nodes).fit(X[:n], y[:n]), sizes))
        assert [pool["num_threads"] for pool in threadpool_info()] == before


# ------------------------------------------------------ columns beside the graph, and earlier tasks

CHAIN = ChainSpace([["a", "b", "c"]] * 6)


@pytest.fixture
def chains(rng) -> tuple[np.ndarray, np.ndarray]:
    """Chains in which an operation is worth something in one of the layers alone."""
    choices = rng.integers(3, size=(160, 6))
    X = CHAIN.encode([tuple("abc"[k] for k in chain) for chain in choices])
    return X, choices[:, 3] + 0.1 * rng.normal(size=160)


def test_a_layer_is_told_from_others_where_the_space_says_what_the_columns_are(chains):
    X, y = chains
    blind = GPRankPredictor(CHAIN.n_nodes).fit(X[:60], y[:60])
    sees = GPRankPredictor().for_space(CHAIN, 0).fit(X[:60], y[:60])
    assert sees.score(X[60:], y[60:]) > blind.score(X[60:], y[60:]) + 0.2


def test_extra_columns_are_seen_beside_the_graph(cells, rng):
    X, y = cells
    cost = rng.normal(size=(200, 1))
    wide = np.concatenate([X, cost], axis=1)
    y = y / y.std() + 2 * cost[:, 0]
    plain = GPRankPredictor(SPACE.n_nodes).fit(X[:60], y[:60])
    sees = GPRankPredictor(SPACE.n_nodes, extra=["cost"]).fit(wide[:60], y[:60])
    assert sees.score(wide[60:], y[60:]) > plain.score(X[60:], y[60:]) + 0.2
    assert "extra cost" in sees.scales_


def test_the_unit_of_an_extra_column_and_its_extreme_values_do_not_hide_what_it_tells(cells, rng):
    """Zero-cost scores of networks that do not work are off by orders of magnitude."""
    X, y = cells
    proxy = rng.normal(size=200)
    y = y / y.std() + 2 * proxy
    scores = []
    for column in (proxy, 1e6 * proxy + 1e8, np.where(np.arange(200) % 20 == 0, -1e8, proxy)):
        wide = np.column_stack([X, column])
        sees = GPRankPredictor(SPACE.n_nodes, extra=["proxy"]).fit(wide[:60], y[:60])
        scores.append(sees.predict(wide[60:]))
    np.testing.assert_allclose(scores[1], scores[0], rtol=1e-4)
    healthy = np.arange(60, 200) % 20 != 0
    assert kendalltau(y[60:][healthy], scores[2][healthy]).statistic > 0.7


def test_extra_columns_and_roles_that_do_not_fit_the_rows_are_refused(cells):
    X, y = cells
    with pytest.raises(ValueError, match="n_nodes=6 does not fit 59 columns") as caught:
        GPRankPredictor(6, extra=["cost"]).fit(X, y)
    assert "the last 1 are those that extra= names" in caught.value.__notes__[0]
    wide = np.column_stack([X, np.where(np.arange(len(X)) == 3, np.nan, y)])
    with pytest.raises(ValueError, match="the extra column 'cost' is NaN in row 3"):
        GPRankPredictor(6, extra=["cost"]).fit(wide, y)
    with pytest.raises(ValueError, match="has 'a' twice"):
        GPRankPredictor(6, extra=["a", "a"]).fit(wide, y)
    with pytest.raises(ValueError, match="roles has 2 entries for rows of 60 columns"):
        GPRankPredictor(6, roles=["edge", "node"]).fit(X, y)


def test_an_earlier_task_that_is_related_helps(cells):
    X, y = cells
    few = slice(0, 8)
    alone = GPRankPredictor(6).fit(X[few], y[few])
    helped = GPRankPredictor(6).fit(X[few], y[few], prior=[(X[20:100], np.exp(y[20:100]) * 1000)])
    assert helped.score(X[100:], y[100:]) > alone.score(X[100:], y[100:])
    assert "task 1" in helped.scales_


def test_an_earlier_task_that_has_nothing_to_do_with_this_one_changes_nothing(cells):
    X, y = cells
    other = X[60:140, :36].reshape(-1, 6, 6)[:, 0].sum(axis=1) % 2  # whether the input feeds an even number
    alone = GPRankPredictor(6).fit(X[:40], y[:40])
    guarded = GPRankPredictor(6).fit(X[:40], y[:40], prior=[(X[60:140], other)])
    np.testing.assert_array_equal(guarded.predict(X), alone.predict(X))


def test_where_the_best_of_an_earlier_task_is_the_worst_here_it_still_helps(cells):
    X, y = cells
    few = slice(0, 12)
    alone = GPRankPredictor(6).fit(X[few], y[few])
    helped = GPRankPredictor(6).fit(X[few], y[few], prior=[(X[20:100], -y[20:100])])
    assert helped.score(X[100:], y[100:]) > alone.score(X[100:], y[100:])


def test_what_earlier_tasks_expect_is_a_linear_part_of_the_kernel_and_of_the_mean(rng):
    X, new, old = (rng.normal(size=(n, 2)) for n in (25, 15, 30))
    roles, earlier = ["extra a", "extra b"], Process(old, ["extra a", "extra b"], old[:, 0], 300)
    t = 0.8 * X[:, 0] + np.sin(3 * X[:, 1])
    told = Process(X, roles, t, 300, earlier=[earlier])
    of_old, of_new = (earlier.posterior(rows, False)[0][:, None] for rows in (X, new))
    level, scales = of_old.mean(), np.array([told.scales[role] for role in roles]) / X.std(axis=0)
    # The expectations stand as a third column, which only the linear part of the kernel looks at.
    wide, wide_new = (np.hstack([rows * scales, of - level]) for rows, of in ((X, of_old), (new, of_new)))
    covariance = [
        told.amplitude / (1 + cdist(a[:, :2], wide[:, :2], "sqeuclidean")) for a in (wide, wide_new)
    ]
    weight = told.scales["task 1"] ** 2
    covariance = [
        K + weight * a[:, 2:] @ wide[:, 2:].T for K, a in zip(covariance, (wide, wide_new), strict=True)
    ]
    inverse = np.linalg.inv(covariance[0] + (told.noise + 1e-6) * np.eye(25))
    mean, std = told.posterior(new, True)
    expected = _WEIGHT * wide_new[:, 2] + covariance[1] @ inverse @ (t - _WEIGHT * wide[:, 2])
    np.testing.assert_allclose(mean, expected, rtol=1e-6, atol=1e-6)
    variance = told.amplitude + weight * wide_new[:, 2] ** 2
    variance -= np.einsum("ij,jk,ik->i", covariance[1], inverse, covariance[1])
    np.testing.assert_allclose(std, np.sqrt(variance), rtol=1e-6, atol=1e-6)
    places = np.array([3, 7])
    residuals = inverse[places] @ (t - _WEIGHT * wide[:, 2]) / np.diag(inverse)[places]
    np.testing.assert_allclose(told.left_out(places)[0], t[places] - residuals, rtol=1e-6, atol=1e-6)
    assert (told.limits(new)[1] >= std - 1e-9).all()
    pending = told.with_pending(new[:5]).posterior(new, True)
    np.testing.assert_allclose(pending[0], mean, atol=1e-6)
    assert (pending[1][:5] < std[:5]).all() and (pending[1] <= std + 1e-9).all()


@pytest.mark.parametrize(
    ("rows", "scores", "message"),
    [
        (np.zeros((3, 5)), np.zeros(3), r"prior\[0\] has rows of shape \(3, 5\)"),
        (np.zeros((3, 60)), np.zeros(2), r"prior\[0\] has scores of shape \(2,\) for 3 rows"),
        (np.zeros((3, 60)), np.array([0, np.nan, 1]), r"prior\[0\] has scores that are NaN"),
    ],
)
def test_earlier_tasks_that_do_not_fit_are_refused(cells, rows, scores, message):
    X, y = cells
    with pytest.raises(ValueError, match=message):
        GPRankPredictor(6).fit(X[:10], y[:10], prior=[(rows, scores)])


def test_pending_rows_take_uncertainty_and_nothing_else(cells):
    X, y = cells
    model = GPRankPredictor(n_nodes=SPACE.n_nodes).fit(X[:60], y[:60])
    pending, others = X[100:104], X[120:]
    grown = model.with_pending(pending)
    mean, std = model._posterior(np.concatenate([pending, others]), True)
    mean_then, std_then = grown._posterior(np.concatenate([pending, others]), True)
    np.testing.assert_allclose(mean_then, mean, atol=1e-9)
    assert (std_then <= std + 1e-9).all()
    assert (std_then[:4] < std[:4]).all() and std_then[:4].max() ** 2 < model.noise_ + 1e-6
    one_by_one = model.with_pending(pending[:1]).with_pending(pending[1:])
    np.testing.assert_allclose(one_by_one.predict(others), grown.predict(others))


def test_values_keep_distances_but_not_those_of_diverged_trainings(rng):
    X = rng.random((40, 2))
    y = -((X - 0.5) ** 2).sum(axis=1)
    y[:3] = [-1e9, -1e12, -50.0]
    model = GPRankPredictor(targets="values").fit(X, y)
    np.testing.assert_allclose(model._targets.inverse(model._targets.values), y, rtol=1e-9)
    assert np.ptp(model._targets.values[3:]) > 0.1
    assert np.corrcoef(model._targets.values[3:], y[3:])[0, 1] > 0.99
    assert np.isfinite(model.predict(rng.random((10, 2)))).all()


def test_of_many_rows_the_best_and_a_spread_are_used(cells):
    X, y = cells
    used = _gp.informative_rows(y, 51)
    assert len(set(used.tolist())) == 51 and (np.diff(used) > 0).all()
    assert set(np.argsort(-y)[:26]) <= set(used) and np.argmin(y) in used
    bounded = GPRankPredictor(n_nodes=SPACE.n_nodes, max_rows=51).fit(X, y)
    assert len(bounded._process._rows) == 51
    assert kendalltau(bounded.predict(X), y).statistic > 0.6
    with pytest.raises(ValueError, match="max_rows=51 is less than the rows of the fit"):
        bounded.predict_left_out([0])


def test_rows_that_all_fit_in_are_all_used(cells):
    X, y = cells[0][:40], cells[1][:40]
    bounded = GPRankPredictor(n_nodes=SPACE.n_nodes, max_rows=40).fit(X, y)
    every = GPRankPredictor(n_nodes=SPACE.n_nodes).fit(X, y)
    np.testing.assert_array_equal(bounded.predict(cells[0]), every.predict(cells[0]))
