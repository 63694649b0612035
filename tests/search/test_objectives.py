"""Searching for several objectives: fronts, counts, checkpoints."""

import warnings

import numpy as np
import pytest
from objectives import SPACE, benefit, benefit_and_cost
from sklearn.linear_model import LinearRegression

from skpbnas import EvolutionaryCandidateSampler, PredictorBasedSearch, UniformCandidateSampler
from skpbnas.metrics import hypervolume_curve, non_dominated_rank

REFERENCE = (0.0, -10.0)


def make(random_state=0, **parameters) -> PredictorBasedSearch:
    parameters.setdefault("predictor", LinearRegression())
    parameters.setdefault("candidates", EvolutionaryCandidateSampler(n_candidates=40))
    return PredictorBasedSearch(SPACE, random_state=random_state, **parameters)


def test_the_front_is_what_no_other_evaluation_dominates():
    search = make().run(benefit_and_cost, 24)
    history, front = search.history_, search.pareto_front_
    scores = history[["score_0", "score_1"]].to_numpy()
    assert history.loc[:3, "predicted_score_0"].isna().all()
    assert history.loc[4:, ["predicted_score_0", "predicted_score_1"]].notna().all().all()
    np.testing.assert_array_equal(history["on_front"], non_dominated_rank(scores) == 0)
    assert len(front.rows) == history["on_front"].sum()
    np.testing.assert_array_equal([benefit_and_cost(cell) for cell in front.architectures], front.scores)
    assert (np.diff(front.scores[:, 0]) <= 0).all()
    assert not hasattr(search, "best_score_")
    with pytest.raises(AttributeError, match="see pareto_front_"):
        _ = search.best_architecture_


def test_the_front_of_one_objective_is_the_best():
    search = make().run(benefit, 24)
    assert (search.pareto_front_.scores == search.best_score_).all()


@pytest.mark.slow
def test_it_dominates_more_than_random_search():
    def volume(search) -> float:
        scores = search.run(benefit_and_cost, 40).history_[["score_0", "score_1"]]
        return hypervolume_curve(scores, REFERENCE)[-1]

    random = [
        make(k, predictor="random", candidates=UniformCandidateSampler(n_candidates=4)) for k in range(5)
    ]
    assert np.median([volume(make(k)) for k in range(5)]) > np.median([volume(search) for search in random])


def test_the_same_search_however_it_is_driven(tmp_path):
    expected = make().run(benefit_and_cost, 20).history_
    told = make()
    for _ in range(5):
        X = told.ask()
        told.tell(X, [benefit_and_cost(cell) for cell in SPACE.decode(X)])
    path = tmp_path / "search.npz"
    make().run(benefit_and_cost, 12, checkpoint=path)
    vectorized = make().run(
        lambda rows: [benefit_and_cost(cell) for cell in SPACE.decode(rows)], 20, vectorized=True
    )
    resumed = make().run(benefit_and_cost, 20, checkpoint=path)
    for search in (told, resumed, vectorized, make().run(benefit_and_cost, 20, n_jobs=2)):
        for name in ("score_0", "score_1", "predicted_score_1", "on_front"):
            np.testing.assert_array_equal(search.history_[name], expected[name])


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("wrong", [1.0, (1.0, 2.0, 3.0)])
def test_another_number_of_scores_is_an_error_and_loses_nothing(tmp_path, n_jobs, wrong):
    expected = make().run(benefit_and_cost, 20).history_["score_0"]
    broken = SPACE.canonical_key(make().run(benefit_and_cost, 20).evaluated_rows_)[9]

    def inconsistent(cell):
        return wrong if SPACE.canonical_key(SPACE.encode([cell]))[0] == broken else benefit_and_cost(cell)

    path = tmp_path / "search.npz"
    with pytest.raises(ValueError, match=r"the objective returned .* where earlier evaluations .* have 2"):
        make().run(inconsistent, 20, n_jobs=n_jobs, checkpoint=path, name="both")
    resumed = make().run(benefit_and_cost, 20, checkpoint=path, name="both")
    np.testing.assert_array_equal(resumed.history_["score_0"], expected)


def test_what_is_told_keeps_to_one_number_of_objectives():
    search = make()
    X = search.ask(4)
    search.tell(X[:1], [[1.0, 2.0]])
    for wrong in ([1.0], [[1.0, 2.0, 3.0]]):
        with pytest.raises(ValueError, match="have 2; a search keeps to one number"):
            search.tell(X[1:2], wrong)
    with pytest.raises(ValueError, match=r"y has shape \(2, 2\) for 1 rows"):
        search.tell(X[1:2], [[1.0, 2.0], [3.0, 4.0]])
    assert len(search.history_) == 1


@pytest.mark.parametrize("nothing", [np.nan, (1.0, np.nan)])
def test_a_failed_evaluation_is_not_on_the_front(nothing):
    def fails(cell):
        return nothing if len(cell.operations) < 5 else benefit_and_cost(cell)

    with pytest.warns(UserWarning, match="NaN or infinite"):
        search = make().run(fails, 24)
    history = search.history_
    assert len(history) == 24 and (failed := history["score_1"].isna()).any()
    assert not history.loc[failed, "on_front"].any()
    assert np.isfinite(search.pareto_front_.scores).all()


@pytest.mark.parametrize("nothing", [None, (), "much", [[1.0]], {"accuracy": 1.0}])
def test_what_is_no_number_is_refused(nothing):
    with pytest.raises(TypeError, match="must return one real number, or several"):
        make().run(lambda cell: nothing, 4)


def test_no_warning_where_nothing_goes_wrong():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make().run(benefit_and_cost, 12)
