"""Noise: repeats, finals, and a recommendation that is not the luckiest score."""

import numpy as np
import pytest
from objectives import SPACE, n_edges
from sklearn.linear_model import LinearRegression

from skpbnas import EvolutionaryCandidateSampler, PredictorBasedSearch
from skpbnas.datasets import load_digits_cells
from skpbnas.search._archive import Archive, Observed
from skpbnas.search._beliefs import _averaged
from skpbnas.search._recommend import knowledge_gradient

TRAININGS = [f"validation_accuracy_{k}" for k in range(3)]


def make(random_state=0, space=SPACE, **parameters) -> PredictorBasedSearch:
    pool = EvolutionaryCandidateSampler(n_candidates=40)
    return PredictorBasedSearch(space, LinearRegression(), pool, random_state=random_state, **parameters)


def noisy(cell, seed=0) -> float:
    key = int(SPACE.canonical_key(SPACE.encode([cell]))[0])
    return n_edges(cell) + np.random.default_rng([key, seed]).normal()


def test_every_repeat_is_kept_and_what_is_learned_from_is_the_mean():
    search = make()
    X = SPACE.enumerate()[[5, 9, 5, 7, 5]]
    search.tell(X, [1.0, 5.0, 2.0, 4.0, 6.0])
    history = search.history_
    assert history["repeat"].tolist() == [0, 0, 1, 0, 2]
    assert history["score"].tolist() == [1.0, 5.0, 2.0, 4.0, 6.0]
    observed = search._state.archive.observed()
    np.testing.assert_array_equal(observed.rows, SPACE.enumerate()[[5, 9, 7]])
    assert observed.scores.tolist() == [3.0, 5.0, 4.0] and observed.counts.tolist() == [3, 1, 1]
    assert observed.squares.tolist() == [14.0, 0.0, 0.0] and observed.firsts.tolist() == [1.0, 5.0, 4.0]
    assert search.best_score_ == 6.0  # the highest score seen, as ever


class Told(LinearRegression):
    """Keeps what it is told of repeats."""

    repeats: list = []

    def fit(self, X, y, n_repeats=None):
        self.repeats.append(None if n_repeats is None else n_repeats.tolist())
        return super().fit(X, y)


@pytest.mark.parametrize("known", [{}, {"features": {"edges": lambda X: X[:, :16].sum(axis=1)}}])
@pytest.mark.parametrize("n_objectives", [1, 2])
def test_the_predictor_is_told_how_many_scores_each_mean_is_of(monkeypatch, known, n_objectives):
    monkeypatch.setattr(Told, "repeats", [])
    search = PredictorBasedSearch(SPACE, Told(), random_state=0, **known)
    X = SPACE.enumerate()[[5, 9, 7, 12]]
    y = np.array([[1.0, 5.0, 4.0, 2.0], [4.0, 1.0, 2.0, 3.0]]).T[:, :n_objectives]
    search.tell(X, y)
    search.ask()
    assert set(map(str, Told.repeats)) == {"None"}  # nothing to tell
    search.tell(X[[1, 1]], y[[1, 1]])
    Told.repeats.clear()
    search.ask()
    assert Told.repeats == [[1, 3, 1, 1]] * len(Told.repeats) and Told.repeats


def test_equal_repeats_have_no_spread_to_the_last_bit():
    archive = Archive(SPACE)
    rows = SPACE.enumerate()[[3] * 7]
    archive.record(rows, np.full((7, 1), 0.1), np.zeros(7))
    assert archive.observed().squares[0] == 0.0 and archive.observed().scores[0] == 0.1


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_finals_spend_the_end_of_the_budget_on_the_best(n_jobs):
    def objective(cell, seed):
        return noisy(cell, seed)

    search = make().run(objective, 40, n_finalists="auto", n_jobs=n_jobs)
    history = search.history_
    assert len(history) == 40 and (history["repeat"] > 0).sum() == 8
    assert (history["repeat"][:32] == 0).all()
    expected = [
        noisy(cell, seed)
        for cell, seed in zip(SPACE.decode(search.evaluated_rows_), history["repeat"], strict=True)
    ]
    np.testing.assert_array_equal(history["score"], expected)
    repeated = SPACE.canonical_key(search.evaluated_rows_[history["repeat"] > 0])
    firsts = history[history["repeat"] == 0]
    best = firsts["score"].nlargest(20).index
    assert np.isin(repeated, SPACE.canonical_key(search.evaluated_rows_[best])).all()


def test_a_deterministic_objective_gets_one_batch_of_repeats_and_no_more():
    search = make().run(n_edges, 60, n_finalists="auto")
    history = search.history_
    assert len(history) == 60 and (history["repeat"] > 0).sum() == 4
    assert search.recommended_score_ == search.best_score_
    assert search.recommendation_.interval == (search.best_score_, search.best_score_)


def test_searches_without_finals_are_what_they_were():
    search = make().run(n_edges, 20)
    assert (search.history_["repeat"] == 0).all()
    assert search.recommended_architecture_ == search.best_architecture_
    assert search.recommended_score_ == search.best_score_


@pytest.mark.slow
def test_finals_continue_from_a_checkpoint(tmp_path):
    expected = make().run(noisy, 40, n_finalists=6, n_repeats=12)
    path = tmp_path / "search.db"

    def stop(search):
        return len(search.history_) >= 32

    make().run(noisy, 40, n_finalists=6, n_repeats=12, checkpoint=path, callbacks=[stop])
    resumed = make().run(noisy, 40, n_finalists=6, n_repeats=12, checkpoint=path)
    np.testing.assert_array_equal(resumed.history_["score"], expected.history_["score"])
    assert resumed.recommendation_.score == expected.recommendation_.score


def test_a_finished_search_can_be_confirmed(tmp_path):
    path = tmp_path / "search.db"
    search = make().run(noisy, 24, checkpoint=path)
    search.confirm(noisy, 6, checkpoint=path)
    assert len(search.history_) == 30 and (search.history_["repeat"] > 0).sum() == 6
    again = make().confirm(noisy, 4, checkpoint=path)
    assert len(again.history_) == 34 and (again.history_["repeat"] > 0).sum() == 10


def test_a_repeat_that_fails_is_not_in_the_mean():
    def fails_again(cell, seed):
        return np.nan if seed else noisy(cell)

    with pytest.warns(UserWarning, match="NaN or infinite"):
        search = make().run(fails_again, 40, n_finalists=5, n_repeats=8)
    assert (search._state.archive.observed().counts == 1).all()
    assert search.recommended_score_ == search.best_score_


def test_an_architecture_that_fails_again_is_left_alone():
    def unstable(cell, seed):
        return np.nan if seed and n_edges(cell) > 6 else noisy(cell, seed)

    with pytest.warns(UserWarning, match="NaN or infinite"):
        search = make().run(unstable, 40, n_finalists=6, n_repeats=16)
    history = search.history_
    keys = SPACE.canonical_key(search.evaluated_rows_)
    failed = keys[history["score"].isna()]
    assert 0 < len(failed) < 16 and np.unique(failed, return_counts=True)[1].max() <= 4  # one batch at most


def test_where_all_fail_there_is_nothing_to_repeat():
    with pytest.warns(UserWarning, match="NaN or infinite"):
        search = make().run(lambda cell: np.nan, 12, n_finalists="auto")
    assert len(search.history_) == 12 and not search.history_["repeat"].any()


@pytest.mark.parametrize("budget", [1, 2, 3])
def test_a_budget_that_is_too_small_for_finals_has_none(budget):
    search = make().run(noisy, budget, n_finalists="auto")
    assert len(search.history_) == budget and not search.history_["repeat"].any()


def test_there_may_be_fewer_architectures_than_finalists():
    search = make().run(noisy, 12, n_finalists=50, n_repeats=6)
    assert len(search.history_) == 12 and (search.history_["repeat"] > 0).sum() == 6


def test_without_a_seed_the_objective_is_called_as_it_is_and_may_differ():
    chance = np.random.default_rng(0)
    search = make().run(lambda cell: n_edges(cell) + chance.normal(), 30, n_finalists="auto")
    assert (search.history_["repeat"] > 0).sum() == 6
    assert search.recommendation_.interval[0] < search.recommended_score_ < search.recommendation_.interval[1]


def test_repeats_that_differ_by_rounding_show_no_noise():
    chance = np.random.default_rng(0)
    search = make().run(lambda cell: n_edges(cell) * (1 + 1e-9 * chance.normal()), 60, n_finalists="auto")
    assert (search.history_["repeat"] > 0).sum() == 4


@pytest.mark.slow
def test_estimates_are_not_the_luckiest_scores_and_intervals_hold():
    """Over many searches of noisy digits: the best score seen flatters itself, the recommended does not."""
    table = load_digits_cells()
    flattery, errors, held = [], [], []
    for seed in range(20):
        objective = table.with_noise("validation_accuracy", TRAININGS, 3, random_state=seed)
        search = make(seed, table.space).run(objective, 60, n_finalists="auto")
        recommended = search.recommendation_
        truth = objective.judge(recommended.row[None])[0]
        best = table.space.encode([search.best_architecture_])
        flattery.append(search.best_score_ - objective.judge(best)[0])
        errors.append(recommended.score - truth)
        held.append(recommended.interval[0] <= truth <= recommended.interval[1])
    assert abs(np.mean(errors)) < 0.5 * np.mean(flattery)
    assert np.mean(held) >= 0.7


def test_first_scores_may_all_be_equal():
    X = SPACE.enumerate()[[5, 9, 7, 12, 20, 30]]
    search = make().tell(X, np.ones(6)).tell(X[:3], [1.0, 2.0, 0.5])
    low, high = search.recommendation_.interval
    assert low < search.recommended_score_ < high


def test_estimates_hold_where_true_scores_lie_around_predictions(rng):
    """The ten luckiest of sixty are trained three times more; a failed training is among the first scores."""
    errors, lucky, held = [], [], []
    for _ in range(100):
        predicted = rng.normal(size=60)
        true = 0.8 * predicted + 0.5 + 0.6 * rng.normal(size=60)
        scores = true[:, None] + rng.normal(size=(60, 4))
        scores[predicted.argmax(), 0] = -40.0
        firsts = scores[:, 0]
        places = np.argsort(-firsts)[:10]
        again = np.isin(np.arange(60), places)
        counts = np.where(again, 4, 1)
        means = np.where(again, scores.mean(axis=1), firsts)
        squares = np.where(again, ((scores - means[:, None]) ** 2).sum(axis=1), 0.0)
        observed = Observed(predicted[:, None], means, counts, squares, firsts, np.zeros(60, int))
        known = _averaged(places, predicted, 1.4, observed)
        best = known.expected.argmax()
        low, high = known.interval(int(best), 0.9)
        errors.append(known.expected[best] - true[places[best]])
        lucky.append(firsts.max() - true[firsts.argmax()])
        held.append(low <= true[places[best]] <= high)
    assert abs(np.mean(errors)) < 0.1 and np.mean(lucky) > 1
    assert 0.82 <= np.mean(held) <= 0.97


def test_the_knowledge_gradient_is_what_simulation_says(rng):
    means, variances, noise = np.array([1.0, 0.8, 0.3]), np.array([0.1, 0.3, 0.2]), 0.5
    gained = []
    for k in range(3):
        true = means[k] + np.sqrt(variances[k]) * rng.normal(size=400_000)
        score = true + np.sqrt(noise) * rng.normal(size=len(true))
        weight = variances[k] / (variances[k] + noise)
        others = np.delete(means, k).max()
        gained.append(np.maximum(means[k] + weight * (score - means[k]), others).mean() - means.max())
    np.testing.assert_allclose(knowledge_gradient(means, variances, noise), gained, atol=2e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_finalists": 1}, "n_finalists=1 is not allowed"),
        ({"n_finalists": "best"}, "n_finalists='best' is not allowed"),
        ({"n_repeats": 3}, "n_repeats=3 needs n_finalists"),
        ({"n_finalists": 3, "n_repeats": 20}, "leaves nothing to repeat of n_evaluations=20"),
        ({"n_finalists": 3, "n_repeats": 0}, "n_repeats=0 is not allowed"),
    ],
)
def test_bad_finals_are_refused_before_anything_is_evaluated(options, message):
    with pytest.raises(ValueError, match=message):
        make().run(lambda cell: pytest.fail("in vain"), 20, **options)


def test_finals_need_one_objective():
    with pytest.raises(ValueError, match="n_finalists needs one objective"):
        make().run(lambda cell: (n_edges(cell), 1.0), 20, n_finalists=4)
