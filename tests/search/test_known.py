"""Features and earlier tasks: what the predictor sees of them, and what is refused before it costs."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from skpbnas import CellSpace, GCNRankPredictor, GPRankPredictor, PredictorBasedSearch
from skpbnas.search import CheckpointError, ForTheBest
from skpbnas.search._known import Known, informed

pytestmark = pytest.mark.filterwarnings("ignore::skpbnas.candidates.SpaceExhaustedWarning")

SPACE = CellSpace(5, ["conv", "pool"])
ALL = SPACE.enumerate()
SECRET = np.random.default_rng(5).normal(size=1 << 16)  # what no graph tells of an architecture


def secret(rows: np.ndarray) -> np.ndarray:
    return SECRET[(SPACE.canonical_key(rows) % np.uint64(1 << 16)).astype(int)]


def secret_score(rows: np.ndarray) -> np.ndarray:
    return 2 * secret(rows) + 0.01 * rows.sum(axis=1)


def search(**options) -> PredictorBasedSearch:
    return PredictorBasedSearch(SPACE, random_state=0, **options)


@pytest.mark.slow
def test_a_search_finds_by_a_feature_what_the_graph_does_not_tell():
    best = np.sort(secret_score(ALL))[-3:]
    found = search(features={"secret": secret}).run(secret_score, 24, vectorized=True)
    assert found.best_score_ in best
    assert search().run(secret_score, 24, vectorized=True).best_score_ < found.best_score_


def test_a_feature_is_computed_once_for_each_architecture_and_shared_by_clones():
    seen = []

    def counted(rows):
        seen.extend(SPACE.canonical_key(rows).tolist())
        return secret(rows)

    search(features={"counted": counted}).run(secret_score, 16, vectorized=True)
    assert len(seen) == len(set(seen))


def test_rows_of_one_architecture_have_the_same_features(rng):
    known = Known(SPACE, {"first": lambda rows: rows[:, 1]}, ())
    X = SPACE.sample(20, rng)
    order = np.array([0, 3, 1, 2, 4])
    A, F = X[:, :25].reshape(-1, 5, 5), X[:, 25:].reshape(20, 5, -1)
    moved = np.concatenate([A[:, order][:, :, order].reshape(20, -1), F[:, order].reshape(20, -1)], axis=1)
    np.testing.assert_array_equal(known.widened(moved)[:, -1], known.widened(X)[:, -1])


def fails(rows):
    raise RuntimeError("no device")


@pytest.mark.parametrize(
    ("features", "error", "message"),
    [
        ({"a": 3}, TypeError, r"features\['a'\]=3 is not callable"),
        ({"a": lambda rows: np.zeros(len(rows) + 1)}, ValueError, r"features\['a'\] returned shape \(3,\)"),
        ({"a": lambda rows: np.full(len(rows), np.nan)}, ValueError, r"features\['a'\] is nan for Cell"),
        ({"a": fails}, RuntimeError, "no device"),
        ({"a": lambda rows: rows.sort() or rows[:, 0]}, ValueError, "read-only"),
    ],
)
def test_a_feature_that_is_none_is_refused_before_an_evaluation(features, error, message):
    with pytest.raises(error, match=message) as caught:
        search(features=features).run(lambda cell: pytest.fail("evaluated"), 4)
    if features["a"] is fails:
        assert caught.value.__notes__ == ["raised by features['a'] for 2 rows"]


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ([(np.zeros((3, 4)), np.zeros(3))], r"prior\[0\] has rows of shape \(3, 4\), but a row of CellSpace"),
        ([(ALL[:3], np.zeros(2))], r"prior\[0\] has scores of shape \(2,\) for 3 rows"),
        ([(ALL[:3], np.zeros(3)), (0 * ALL[:3], np.zeros(3))], r"row 0 of prior\[1\] is not a valid"),
        ([(ALL[:3], np.full(3, np.nan))], r"prior\[0\] has no finite score"),
        ([(ALL[:3], list("abc"))], r"prior\[0\] has scores that are no numbers"),
    ],
)
def test_an_earlier_task_of_another_space_is_refused_before_an_evaluation(prior, message):
    with pytest.raises(ValueError, match=message):
        search(prior=prior).run(lambda cell: pytest.fail("evaluated"), 4)


@pytest.mark.parametrize("prior", [(ALL[:3], np.zeros(3)), [(ALL[:3], np.zeros(3), 1)], [3]])
def test_what_is_no_list_of_pairs_is_refused(prior):
    with pytest.raises(TypeError, match=r"prior\[0\] is .* give prior=\[\(rows, scores\), ...\]"):
        search(prior=prior).ask()
    with pytest.raises(TypeError, match="where a pair belongs"):
        GPRankPredictor(n_nodes=5).fit(ALL[:9], np.arange(9.0), prior=prior)


@pytest.mark.parametrize(
    ("predictor", "options", "message"),
    [
        (GCNRankPredictor(), {"features": {"a": secret}}, "has no parameter extra"),
        (RandomForestRegressor(), {"prior": [(ALL[:3], np.zeros(3))]}, "prior= needs a predictor whose fit"),
        ("random", {"features": {"a": secret}}, "'random' takes .* no use for features=; leave out"),
        ("random", {"prior": [(ALL[:3], np.zeros(3))]}, "no use for prior=; leave out"),
    ],
)
def test_a_predictor_that_has_no_use_for_them_is_refused(predictor, options, message):
    with pytest.raises(ValueError, match=message):
        search(predictor=predictor, **options).ask()


@pytest.mark.slow
def test_an_expensive_feature_is_computed_for_the_best_of_a_pool_and_finds_what_it_tells():
    seen = []

    def expensive(rows):
        seen.append(SPACE.canonical_key(rows))
        return secret(rows)

    features = {"secret": ForTheBest(expensive, n_best=20), "size": lambda rows: rows.sum(axis=1)}
    staged = search(features=features).run(secret_score, 24, vectorized=True)
    n_proposals = staged.history_["iteration"].max()
    keys = np.concatenate(seen)
    assert len(keys) == len(np.unique(keys)) <= 20 * n_proposals + 6  # and the first ones, and a trial
    assert (
        staged.best_score_
        > search(features={"size": features["size"]}).run(secret_score, 24, vectorized=True).best_score_
    )


def test_the_batch_is_chosen_among_those_that_the_time_sufficed_for():
    features = {"secret": ForTheBest(secret, n_best=200, max_seconds=1e-9)}
    hurried = search(features=features, n_initial=8)
    for _ in range(2):
        rows = hurried.ask()
        hurried.tell(rows, secret_score(rows))
    scored = np.isfinite(hurried.last_proposal_.pool_scores)
    assert scored.sum() == 8 and len(hurried.last_proposal_.rows) == 4
    assert np.isfinite(hurried.last_proposal_.predicted).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3,), "is not callable"),
        ((secret, 0), "n_best=0"),
        ((secret, 2.5), "n_best=2.5"),
        ((secret, 9, 0), "max_seconds=0 is not allowed"),
    ],
)
def test_what_is_not_an_expensive_feature_is_refused(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        ForTheBest(*arguments)


def test_a_predictor_of_tables_sees_features_as_columns(rng):
    forest = informed(RandomForestRegressor(random_state=0), Known(SPACE, {"secret": secret}, ()))
    X = ALL[rng.permutation(len(ALL))]
    assert np.corrcoef(forest.fit(X[:40], secret(X[:40])).predict(X[40:]), secret(X[40:]))[0, 1] > 0.8


def test_earlier_work_on_the_same_task_saves_evaluations():
    earlier = ALL[:: len(ALL) // 60]

    def graph_score(rows):
        return rows[:, 25:].reshape(len(rows), 5, -1)[:, :, 1].sum(axis=1) - 0.3 * rows[:, :25].sum(axis=1)

    prior = [(earlier, np.exp(graph_score(earlier)))]
    cold = search(n_initial=1).run(graph_score, 7, vectorized=True).best_score_
    assert search(n_initial=1, prior=prior).run(graph_score, 7, vectorized=True).best_score_ > cold


def test_a_search_for_several_scores_refuses_tasks_with_one():
    several = search(prior=[(ALL[:5], np.arange(5.0))])
    with pytest.raises(ValueError, match="the objective returned 2"):
        several.run(lambda rows: np.stack([secret(rows), -secret(rows)], axis=1), 8, vectorized=True)


def test_the_checkpoint_of_other_features_is_refused(tmp_path):
    path = tmp_path / "search.db"
    search(features={"secret": secret}).run(secret_score, 6, vectorized=True, checkpoint=path)
    with pytest.raises(CheckpointError, match="features"):
        search().run(secret_score, 8, vectorized=True, checkpoint=path)


def test_the_default_predictor_is_told_the_names_of_the_features():
    known = informed(GPRankPredictor(n_nodes=5), Known(SPACE, {"secret": secret}, ()))
    assert known.predictor.extra == ["secret"]
