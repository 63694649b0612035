"""Pictures show what the histories hold."""

import numpy as np
import pytest

from skpbnas import CellSpace, PredictorBasedSearch
from skpbnas.metrics import hypervolume
from skpbnas.plotting import plot_hypervolume, plot_pareto_front

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")


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


def test_only_two_objectives_are_drawn(histories):
    with pytest.raises(ValueError, match="has 3 objectives"):
        plot_pareto_front({"search": histories[0].assign(score_2=0.0)})
