"""Costs that are known: told to nobody, predicted by nobody, and on the front."""

import numpy as np
import pytest
from objectives import SPACE, benefit, benefit_and_cost
from sklearn.linear_model import LinearRegression

from skpbnas import EvolutionaryCandidateSampler, ExhaustiveCandidateSampler, PredictorBasedSearch
from skpbnas.metrics import non_dominated_rank
from skpbnas.search import CheckpointError, OneByOne, read_checkpoint


def n_edges(rows):
    return rows[:, : SPACE.n_nodes**2].sum(axis=1)


def n_vertices(cell):
    return len(cell.operations)


COSTS = {"edges": n_edges, "vertices": OneByOne(n_vertices)}


def make(**parameters) -> PredictorBasedSearch:
    parameters.setdefault("predictor", LinearRegression())
    parameters.setdefault("candidates", EvolutionaryCandidateSampler(n_candidates=40))
    parameters.setdefault("costs", COSTS)
    return PredictorBasedSearch(SPACE, random_state=0, **parameters)


def never(cell):
    raise AssertionError("evaluated")


def test_costs_stand_in_the_history_and_on_the_front():
    search = make().run(benefit, 16)
    history, front = search.history_, search.pareto_front_
    np.testing.assert_array_equal(history["edges"], n_edges(search.evaluated_rows_))
    cells = SPACE.decode(search.evaluated_rows_)
    np.testing.assert_array_equal(history["vertices"], [n_vertices(cell) for cell in cells])
    points = np.stack([history["score"], -history["edges"], -history["vertices"]], axis=1)
    np.testing.assert_array_equal(history["on_front"], non_dominated_rank(points) == 0)
    assert history.loc[8:, "predicted_score"].notna().all() and "predicted_edges" not in history
    rows, architectures, scores = front
    assert len(rows) == len(architectures) == len(scores) == len(front.costs) == history["on_front"].sum()
    np.testing.assert_array_equal(front.costs["edges"], n_edges(rows))
    with pytest.raises(AttributeError, match="see pareto_front_"):
        _ = search.best_architecture_


def test_several_scores_and_several_costs():
    history = make().run(benefit_and_cost, 12).history_
    assert {"score_0", "score_1", "edges", "vertices", "on_front"} <= set(history)


def test_a_front_of_one_point():
    search = make(costs={"nothing": lambda rows: np.zeros(len(rows))}).run(benefit, 12)
    assert (search.pareto_front_.scores == search.history_["score"].max()).all()
    assert repr(search.pareto_front_).split()[:3] == ["score", "nothing", "architecture"]


@pytest.mark.parametrize("n_costs", [2, 3])
def test_three_and_four_axes(n_costs):
    costs = {"edges": n_edges, "few": lambda rows: 30 - n_edges(rows), "vertices": OneByOne(n_vertices)}
    chosen = dict(list(costs.items())[:n_costs])
    search = make(costs=chosen, predictor=None).run(benefit, 16)
    points = search.history_[["score", *chosen]].to_numpy() * [1, *[-1] * n_costs]
    np.testing.assert_array_equal(search.history_["on_front"], non_dominated_rank(points) == 0)


def test_an_architecture_is_asked_for_its_cost_once():
    asked = []

    def size(cell):
        asked.append(int(SPACE.canonical_key(SPACE.encode([cell]))[0]))
        return len(asked)

    make(costs={"size": OneByOne(size)}).run(benefit, 12)
    assert len(asked) == len(set(asked)) > 12


def test_a_checkpoint_knows_the_costs(tmp_path):
    path, expected = tmp_path / "search.db", make().run(benefit, 16).history_
    make().run(benefit, 12, checkpoint=path)
    np.testing.assert_array_equal(read_checkpoint(path, SPACE).history["edges"], expected["edges"][:12])
    resumed = make().run(benefit, 16, checkpoint=path)
    for name in ("score", "predicted_score", "edges", "vertices", "on_front"):
        np.testing.assert_array_equal(resumed.history_[name], expected[name])
    for other in ({"costs": {"edges": n_edges}}, {"costs": None}, {"reference": {"edges": 3}}):
        with pytest.raises(CheckpointError, match=r"costs|reference"):
            make(**other).run(benefit, 16, checkpoint=path)


def test_a_checkpoint_sees_that_a_cost_has_changed(tmp_path, monkeypatch):
    path = tmp_path / "search.db"
    make().run(benefit, 6, checkpoint=path)
    monkeypatch.setattr(COSTS["vertices"], "function", lambda cell: 1.0)
    with pytest.raises(CheckpointError, match=r"costs"):
        make().run(benefit, 8, checkpoint=path)


@pytest.mark.parametrize(
    ("cost", "message"),
    [
        (lambda rows: n_edges(rows) - 100.0, r"costs\['c'\] is -\d+.0 for Cell"),
        (lambda rows: np.full(len(rows), np.nan), r"is nan for Cell.*a number from 0"),
        (lambda rows: np.full(len(rows), np.inf), "is inf for Cell"),
        (lambda rows: 3.0, r"returned shape \(\) for \d+ rows"),
        (lambda rows: np.ones((len(rows), 2)), "one number for each row"),
        (lambda rows: ["much"] * len(rows), "is no number"),
        (lambda rows: n_edges(rows) * 1j, "complex128 is no number"),
        (OneByOne(lambda cell: None), "NoneType|is nan for Cell"),
    ],
)
def test_a_wrong_cost_is_refused_before_anything_is_evaluated(cost, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make(costs={"c": cost}).run(never, 4)


def test_a_cost_may_compute_in_the_rows_that_it_is_given():
    def careless(rows):
        rows *= 2
        return n_edges(rows) / 2

    history = make(costs={"first": careless, "edges": n_edges}).run(benefit, 12).history_
    np.testing.assert_array_equal(history["first"], history["edges"])


def test_what_a_cost_raises_is_said_to_be_its_own():
    def fails(rows):
        raise RuntimeError("no such device")

    with pytest.raises(RuntimeError, match="no such device") as caught:
        make(costs={"latency": fails}).run(never, 4)
    assert "costs['latency']" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"costs": {"score": n_edges}}, "a column of the results"),
        ({"costs": {"on_front": n_edges}}, "a column of the results"),
        ({"costs": {"repeat": n_edges}}, "a column of the results"),
        ({"costs": {1: n_edges}}, "give text"),
        ({"costs": {"edges": 3}}, "not callable"),
        ({"costs": [n_edges]}, "costs"),
        ({"reference": {"latency": 3}}, "no cost and no score; give 'edges'"),
        ({"reference": {"edges": -3}}, "a cost above 0"),
        ({"reference": {"edges": np.nan}}, "a cost above 0"),
        ({"reference": {"score": "much"}}, "give a score"),
        ({"reference": {"score": 0.5}, "costs": None}, "does not count where there is one objective"),
    ],
)
def test_bad_parameters_are_refused_before_anything_is_evaluated(parameters, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make(**parameters).run(never, 4)


def test_a_reference_that_nothing_meets_is_told_before_anything_is_evaluated():
    with pytest.warns(UserWarning, match="none of .* random architectures costs less"):
        make(reference={"edges": 0.5}).ask()
    with pytest.raises(ValueError, match="the names are score_0, score_1, edges, vertices"):
        make(reference={"score": 0.5}).run(benefit_and_cost, 12)


def test_results_rank_by_fronts_and_show_the_costs():
    search = make().run(benefit, 12)
    table = search.results_
    assert list(table.columns[:4]) == ["rank", "score", "edges", "vertices"]
    assert (table["rank"] == 1).sum() == len(search.pareto_front_.rows)
    assert "vertices" in repr(search.pareto_front_) and "not dominated" in search.summary()


def test_nothing_beyond_the_reference_is_tried_after_the_start():
    parameters = {"costs": {"edges": n_edges}, "predictor": None, "candidates": ExhaustiveCandidateSampler()}
    history = make(reference={"edges": 6.0}, **parameters).run(benefit, 16).history_
    assert (history["edges"][8:] <= 6).all() and (history["edges"][:8] > 6).any()
