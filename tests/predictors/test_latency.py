"""The latency on a new device: what few measurements and other devices tell, and what is refused."""

import pickle

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

import skpbnas
from skpbnas import CellSpace, ChainSpace, PredictorBasedSearch
from skpbnas.predictors import LatencyPredictor
from skpbnas.predictors._linear_models import LinearModels, combined, most_informative
from skpbnas.search._identity import describe

SPACE = ChainSpace([["small", "wide", "deep", "skip"]] * 8)


@parametrize_with_checks([LatencyPredictor()])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return SPACE.sample(600, np.random.default_rng(0))


def of_each(rows, weights) -> np.ndarray:
    """Return a latency that is a sum over layers, by operation and place."""
    choices = rows[:, 64:].reshape(len(rows), 8, -1)[:, :, 1:]
    return 1.0 + (choices * weights).sum(axis=(1, 2))


@pytest.fixture(scope="module")
def devices(rows) -> dict[str, np.ndarray]:
    """Return latencies that operations explain in part, and a secret of the architectures the rest."""
    rng = np.random.default_rng(1)
    secret = rng.exponential(size=len(rows))
    along = 1 + rng.random((8, 1))
    return {
        "phone": of_each(rows, along * [1.0, 2.0, 3.0, 0.1]) + secret,
        "board": of_each(rows, along * [1.0, 1.5, 4.0, 0.2]) + 2 * secret,
        "new": of_each(rows, along * [2.0, 1.5, 3.5, 0.1]) + 3 * secret,
    }


def ranks(predictor, rows, latency) -> float:
    return spearmanr(predictor(rows), latency).statistic


def fitted(rows, devices, names=("phone", "board"), n=10) -> LatencyPredictor:
    sources = {name: (rows, devices[name]) for name in names}
    predictor = LatencyPredictor(sources).for_space(SPACE)
    places = predictor.choose_references(rows, n)
    return predictor.fit(rows[places], devices["new"][places])


def test_other_devices_tell_what_architectures_do_not(rows, devices):
    alone = ranks(fitted(rows, devices, names=()), rows, devices["new"])
    one = ranks(fitted(rows, devices, names=("phone",)), rows, devices["new"])
    both = ranks(fitted(rows, devices), rows, devices["new"])
    assert alone + 0.05 < one < both
    assert both > 0.97


def test_a_device_like_no_other_is_learned_from_the_operations(rows, rng):
    unrelated = {f"device {k}": (rows, 1 + rng.random(len(rows))) for k in range(2)}
    latency = of_each(rows, np.array([[1.0, 2.0, 3.0, 0.1]]))
    predictor = LatencyPredictor(unrelated).for_space(SPACE)
    places = predictor.choose_references(rows)
    assert ranks(predictor.fit(rows[places], latency[places]), rows, latency) > 0.97
    assert max(map(abs, predictor.source_coefs_.values())) < 0.1


def test_what_was_not_measured_elsewhere_is_predicted(rows, devices):
    smooth = {name: of_each(rows, np.array([w])) for name, w in (("a", [1, 2, 3, 0]), ("b", [3, 1, 2, 0]))}
    sources = {"a": (rows[:300], smooth["a"][:300]), "b": (rows[200:500], smooth["b"][200:500])}
    new = smooth["a"] + 0.5 * smooth["b"]
    predictor = LatencyPredictor(sources).for_space(SPACE).fit(rows[:10], new[:10])
    assert ranks(predictor, rows[500:], new[500:]) > 0.97


def test_chosen_references_tell_more_than_random_ones(rows, devices, rng):
    new = devices["new"]
    chosen = ranks(fitted(rows, devices), rows, new)
    predictor = LatencyPredictor({"phone": (rows, devices["phone"])}).for_space(SPACE)
    draws = [rng.choice(len(rows), 10, replace=False) for _ in range(10)]
    at_random = [ranks(clone(predictor).fit(rows[draw], new[draw]), rows, new) for draw in draws]
    assert chosen > np.mean(at_random)


def test_references_differ_and_depend_on_nothing_random(rows, devices):
    predictor = LatencyPredictor({"phone": (rows, devices["phone"])}).for_space(SPACE)
    places = predictor.choose_references(rows, 30)
    assert len(set(places.tolist())) == 30
    np.testing.assert_array_equal(predictor.choose_references(rows, 10), places[:10])
    many = np.concatenate([rows] * 4)  # more than are looked at
    assert len(set(predictor.choose_references(many, 5).tolist())) == 5
    for n in (0, 601):
        with pytest.raises(ValueError, match="give 1 to 600"):
            predictor.choose_references(rows, n)


def test_the_first_reference_leaves_the_least_variance(rng):
    groups = [rng.normal(size=(30, 3)), rng.normal(size=(30, 2))]
    K = combined([group @ group.T for group in groups], [1.0, 0.3])
    left = [np.trace(K - np.outer(K[k], K[k]) / (K[k, k] + 0.1)) for k in range(30)]
    assert most_informative(groups, 1, [1.0, 0.3])[0] == np.argmin(left)


def test_one_model_is_the_closed_form(rng, monkeypatch):
    monkeypatch.setattr(skpbnas.predictors._linear_models, "_NOISES", (0.2,))
    X, new, t = rng.normal(size=(12, 3)), rng.normal(size=(5, 3)), rng.normal(size=12)
    mean, std = LinearModels([X], t, [[0.5]]).posterior([new], uncertain=True)
    columns = np.concatenate([np.ones((12, 1)), 0.5 * X], axis=1)
    precision = columns.T @ columns / 0.2 + np.eye(4)
    at = np.concatenate([np.ones((5, 1)), 0.5 * new], axis=1)
    np.testing.assert_allclose(mean, at @ np.linalg.solve(precision, columns.T @ t / 0.2))
    np.testing.assert_allclose(std**2, np.diag(at @ np.linalg.solve(precision, at.T)))


def test_the_unit_is_that_of_the_measurements_and_no_other_matters(rows, devices):
    in_ms = fitted(rows, devices)
    in_seconds = fitted(rows, {**devices, "phone": devices["phone"] / 1000})
    np.testing.assert_allclose(in_seconds(rows), in_ms(rows), rtol=1e-6)
    new = {**devices, "new": devices["new"] / 1000}
    np.testing.assert_allclose(1000 * fitted(rows, new)(rows), in_ms(rows), rtol=1e-6)


def test_a_latency_is_positive_and_its_uncertainty_falls_with_measurements(rows, devices):
    steep = {**devices, "new": np.exp(devices["new"] / 3)}
    assert (fitted(rows, steep, n=5)(rows) > 0).all()
    few, many = (fitted(rows, devices, n=n).predict(rows, return_std=True)[1] for n in (5, 40))
    assert (few > 0).all() and many.mean() < few.mean()


def test_hundreds_of_measurements(rows, devices):
    predictor = LatencyPredictor({"phone": (rows, devices["phone"])}).for_space(SPACE)
    predictor.fit(rows[:300], devices["new"][:300])
    assert ranks(predictor, rows[300:], devices["new"][300:]) > 0.98


def test_it_is_a_cost_of_a_search_whose_checkpoint_knows_what_was_measured(rows, devices, tmp_path):
    latency = fitted(rows, devices)

    def search(cost) -> PredictorBasedSearch:
        return PredictorBasedSearch(SPACE, "random", costs={"latency": cost}, random_state=0)

    run = search(latency).run(lambda chain: chain.count("wide"), 12, checkpoint=tmp_path / "search")
    np.testing.assert_allclose(run.history_["latency"], latency(run.evaluated_rows_))
    other = clone(latency).fit(rows[:10], devices["new"][:10])
    assert describe(latency) != describe(other)
    with pytest.raises(ValueError, match="latency"):
        search(other).run(lambda chain: chain.count("wide"), 16, checkpoint=tmp_path / "search")


def test_it_can_be_saved(rows, devices, tmp_path):
    predictor = fitted(rows, devices)
    skpbnas.save(predictor, tmp_path / "phone.skpbnas")
    for loaded in (
        skpbnas.load(tmp_path / "phone.skpbnas"),
        pickle.loads(pickle.dumps(predictor)),
    ):
        np.testing.assert_array_equal(loaded(rows), predictor(rows))


def test_one_row_and_rows_that_are_all_the_same(rows):
    one = LatencyPredictor().for_space(SPACE).fit(rows[:1], [3.0])
    np.testing.assert_allclose(one(rows), 3.0)
    same = LatencyPredictor().for_space(SPACE).fit(np.repeat(rows[:1], 4, axis=0), [1.0, 2.0, 3.0, 2.0])
    assert 1 < same(rows[:1])[0] < 3


@pytest.mark.parametrize("latency", [-1.0, 0.0])
def test_what_was_not_measured_is_refused(rows, latency):
    with pytest.raises(ValueError, match="above 0. Leave out what was not measured"):
        LatencyPredictor().for_space(SPACE).fit(rows[:3], [1.0, latency, 2.0])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (lambda X: X, "is not \\(rows, latencies\\)"),
        (lambda X: (X[:, 1:], np.ones(len(X))), "rows of the same space"),
        (lambda X: (X, np.ones(3)), "give one for each"),
        (lambda X: (X[:0], np.ones(0)), "give one for each"),
        (lambda X: (X, np.where(np.arange(len(X)) == 5, -1.0, 1.0)), "leave out what was not measured"),
        (lambda X: (X, np.where(np.arange(len(X)) == 5, np.nan, 1.0)), "leave out what was not measured"),
    ],
)
def test_sources_that_do_not_fit(rows, source, message):
    predictor = LatencyPredictor({"phone": source(rows)}).for_space(SPACE)
    with pytest.raises(ValueError, match=message):
        predictor.fit(rows[:3], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=message):
        predictor.choose_references(rows, 3)


def test_sources_by_number(rows):
    with pytest.raises(ValueError, match="the name of a device"):
        LatencyPredictor({1: (rows, np.ones(len(rows)))}).for_space(SPACE).fit(rows[:3], [1.0, 2.0, 3.0])


def test_cells():
    space = CellSpace(5, ["conv", "pool"])
    rows = space.sample(200, np.random.default_rng(0))
    features = rows[:, 25:].reshape(200, 5, 4).sum(axis=1, dtype=float)
    latency = 1 + features @ [0.0, 5.0, 1.0, 0.0]
    predictor = LatencyPredictor().for_space(space).fit(rows[:10], latency[:10])
    assert ranks(predictor, rows, latency) > 0.95
