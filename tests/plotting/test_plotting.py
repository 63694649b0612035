"""Pictures show what the histories hold."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from skpbnas import CellSpace, GPRankPredictor, PredictorBasedSearch, UniformCandidateSampler
from skpbnas.datasets import load_digits_cells
from skpbnas.metrics import hypervolume, kendall_tau, random_search_quantiles
from skpbnas.plotting import (
    ConvergenceDisplay,
    ImportanceDisplay,
    IntervalCalibrationDisplay,
    ParetoFrontDisplay,
    PoolDisplay,
    PredictionDisplay,
    plot_hypervolume,
    plot_pareto_front,
)
from skpbnas.spaces import ChainSpace

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
from matplotlib.collections import PathCollection  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402


@pytest.fixture(autouse=True)
def closed():
    """Close what a test has drawn."""
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture(scope="module")
def search_with_a_cost():
    space = CellSpace(4, ["a", "b"])
    costs = {"edges": lambda rows: rows[:, :16].sum(axis=1)}
    search = PredictorBasedSearch(space, "random", random_state=0, costs=costs)
    return search.run(lambda cell: float(len(cell.operations)), 10)


@pytest.fixture(scope="module")
def histories():
    def objective(cell):
        return float(cell.adjacency.sum()), -float(len(cell.operations))

    space = CellSpace(4, ["a", "b"])
    searches = [PredictorBasedSearch(space, "random", random_state=seed) for seed in range(3)]
    return [search.run(objective, 10).history_ for search in searches]


def test_the_curves_end_at_the_volumes_of_the_searches(histories):
    reference = (0.0, -6.0)
    ax = plot_hypervolume({"one": histories[0], "all": histories}, reference)
    volumes = [hypervolume(history[["score_0", "score_1"]], reference) for history in histories]
    assert ax.lines[0].get_ydata()[-1] == volumes[0]
    assert ax.lines[1].get_ydata()[-1] == np.median(volumes)
    assert len(ax.collections) == 1  # the band of the three


def test_the_line_goes_through_the_front(histories):
    ax = plot_pareto_front({"search": histories[0]}, ("edges", "vertices"))
    front = histories[0][histories[0]["on_front"]]
    x, y = ax.lines[0].get_data()
    assert sorted(zip(x, y, strict=True)) == sorted(zip(front["score_0"], front["score_1"], strict=True))
    assert (np.diff(x) >= 0).all() and (np.diff(y) <= 0).all()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("edges", "vertices")


def test_costs_are_drawn_upwards_and_dominate_downwards(search_with_a_cost):
    history = search_with_a_cost.history_
    ax = ParetoFrontDisplay.from_search(search_with_a_cost).ax_
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("edges", "score")
    x, y = ax.lines[0].get_data()
    front = history[history["on_front"]]
    assert sorted(zip(x, y, strict=True)) == sorted(zip(front["edges"], front["score"], strict=True))
    assert (np.diff(x) >= 0).all() and (np.diff(y) >= 0).all()
    curve = plot_hypervolume({"search": history}, {"score": 1.0, "edges": 7.0}).lines[0].get_ydata()
    points = np.stack([history["score"], -history["edges"]], axis=1)
    assert curve[-1] == hypervolume(points, (1.0, -7.0)) > 0
    with pytest.raises(ValueError, match="no column 'latency'"):
        plot_pareto_front({"search": history}, ("latency", "score"))


def test_only_two_objectives_are_drawn(histories):
    with pytest.raises(ValueError, match="has 3 objectives"):
        plot_pareto_front({"search": histories[0].assign(score_2=0.0)})


@pytest.fixture(scope="module")
def table():
    return load_digits_cells()


@pytest.fixture(scope="module")
def searches(table):
    """Return a search with a fast predictor, and two controls."""
    objective = table.objective("validation_accuracy")
    predictor = GPRankPredictor(exploration=2.0)
    pool = UniformCandidateSampler(n_candidates=50)
    runs = [PredictorBasedSearch(table.space, predictor, pool, batch_size=12, random_state=0)]
    runs += [PredictorBasedSearch(table.space, "random", pool, random_state=seed) for seed in (1, 2)]
    return [search.run(objective, 40) for search in runs]


def test_convergence_shows_every_evaluation_and_the_best_that_exists_below_the_curve(table, searches):
    search, *control = searches
    best = table.oracle("validation_accuracy")[1]
    display = ConvergenceDisplay.from_search(search, control=control, oracle=best, score_name="accuracy")
    lines = {line.get_label(): line for line in display.ax_.lines}
    assert lines["search"].get_ydata().tolist() == search.history_["best_score"].tolist()
    assert lines["control"].get_ydata()[-1] == np.mean([c.history_["score"].max() for c in control])
    assert lines["best that exists"].get_zorder() < lines["search"].get_zorder()
    assert display.ax_.get_ylabel() == "accuracy"
    assert display.ax_.get_ylim()[1] > best
    drawn = [
        len(points.get_offsets()) for points in display.ax_.collections if type(points) is PathCollection
    ]
    low, shown = display.ax_.get_ylim()[0], [len(search.history_), 2 * len(control[0].history_)]
    below = sum((s.history_["score"] < low).sum() for s in searches)
    assert sorted(drawn) == sorted([*shown, below])
    assert len(ConvergenceDisplay.from_search(search, evaluations=False).ax_.collections) == 0


def test_random_search_is_drawn_exactly_from_all_scores_of_a_table(table, searches):
    scores = table.columns["validation_accuracy"]
    display = ConvergenceDisplay.from_search(searches[0], all_scores=scores)
    lines = {line.get_label(): line for line in display.ax_.lines}
    expected = random_search_quantiles(scores, 40, [0.5])[0]
    assert lines["random search, all seeds"].get_ydata().tolist() == expected.tolist()
    assert lines["best that exists"].get_ydata()[0] == scores.max()


def test_displays_draw_where_they_are_told(searches):
    axes = Figure().subplots(2)
    display = PredictionDisplay.from_search(searches[0], ax=axes[0])
    assert display.ax_ is axes[0] and display.figure_ is axes[0].figure
    assert display.plot(axes[1]).ax_ is axes[1]


def test_predictions_are_those_made_before_the_evaluation(searches):
    history = searches[0].history_.query("iteration > 0")
    display = PredictionDisplay.from_search(searches[0])
    x, y = display.ax_.collections[0].get_offsets().T
    assert sorted(zip(x, y, strict=True)) == sorted(
        zip(history["predicted_score"], history["score"], strict=True)
    )
    assert display.tau_ == kendall_tau(history["score"], history["predicted_score"])


def test_predictions_by_cross_validation_are_of_rows_that_were_left_out(table):
    X, y = table.X[::50], table.columns["validation_accuracy"][::50]
    # A tree repeats what it has seen, and would be right about every row of its own fit.
    display = PredictionDisplay.from_estimator(DecisionTreeRegressor(random_state=0), X, y, cv=3)
    assert 0 < display.tau_ < 0.95
    with pytest.raises(ValueError, match="cv=1"):
        PredictionDisplay.from_estimator(DecisionTreeRegressor(), X, y, cv=1)


def test_normal_deviations_are_calibrated_and_doubled_ones_are_not(rng):
    deviations = rng.normal(size=4000)
    nominal = np.linspace(0, 1, 41)
    assert np.abs(IntervalCalibrationDisplay(deviations).plot().coverage_ - nominal).max() < 0.05
    assert (IntervalCalibrationDisplay(2 * deviations).plot().coverage_[5:-5] < nominal[5:-5] - 0.05).all()


def test_calibration_of_a_search_says_what_is_expected_and_not_what_is_possible(searches):
    coverage = IntervalCalibrationDisplay.from_search(searches[0], cv=3).coverage_
    assert coverage[0] == 0 and coverage[-1] == 1 and (np.diff(coverage) >= 0).all()
    with pytest.raises(ValueError, match="random"):
        IntervalCalibrationDisplay.from_search(searches[1])


def test_the_pool_is_drawn_with_true_scores_or_predicted_ones(table, searches):
    objective = table.objective("validation_accuracy")
    display = PoolDisplay.from_search(searches[0], scores=objective, n_samples=100)
    assert display.scores["pool"].tolist() == objective(searches[0].last_proposal_.pool).tolist()
    assert len(display.scores["batch"]) == len(searches[0].last_proposal_.rows)
    assert PoolDisplay.from_search(searches[0], n_samples=100).ax_.get_xlabel() == "predicted score"
    with pytest.raises(ValueError, match="ask"):
        PoolDisplay.from_search(PredictorBasedSearch(table.space))


def test_importance_finds_the_layer_that_matters(rng):
    space = ChainSpace([[8, 16, 32, 64]] * 3 + [["relu", "silu"]])
    X = space.sample(150, rng)
    y = space.decode(X)
    display = ImportanceDisplay.from_scores(space, X, [np.log(chain[1]) for chain in y])
    mean = display.importances.mean()
    assert mean.idxmax() == "layer_1" and display.r2 > 0.9
    assert mean.drop("layer_1").abs().max() < 0.1
    assert [label.get_text() for label in display.ax_.get_yticklabels()][-1] == "layer_1"


def test_importance_of_cells_counts_operations(searches):
    names = ImportanceDisplay.from_search(searches[1]).importances.columns
    assert {"number of conv3x3-bn-relu", "edges", "longest path", "input feeds output"} <= set(names)


def test_pictures_of_one_objective_refuse_several(histories):
    search = PredictorBasedSearch(CellSpace(4, ["a"]), "random", random_state=0)
    search.run(lambda cell: (1.0, 2.0), 4)
    for display in (ConvergenceDisplay, PredictionDisplay, ImportanceDisplay):
        with pytest.raises(ValueError, match="several objectives"):
            display.from_search(search)
    assert ParetoFrontDisplay.from_search(search).ax_.get_xlabel() == "score_0"


def test_dominated_evaluations_are_drawn_as_hollow_points(histories):
    ax = plot_pareto_front({"search": histories[0]})
    (points,) = ax.collections
    assert len(points.get_offsets()) == (~histories[0]["on_front"]).sum()
    assert len(points.get_facecolor()) == 0 and points.get_alpha() >= 0.5
