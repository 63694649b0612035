"""The readable results are those of the history."""

import numpy as np
import pytest
from optuna.distributions import FloatDistribution

from skpbnas import CellSpace, PredictorBasedSearch, UniformCandidateSampler
from skpbnas.spaces import ChainSpace, ConstrainedSpace, NASBench201Space, ParameterSpace, ProductSpace

CELLS = CellSpace(5, ["conv", "pool"])
CHAIN = ChainSpace([[8, 16, None], ["relu", "silu"]])


def searched(space, objective, n):
    pool = UniformCandidateSampler(n_candidates=4)
    return PredictorBasedSearch(space, "random", pool, random_state=0).run(objective, n)


@pytest.fixture(scope="module")
def search():
    """Return a search of which every evaluation of a cell with four edges failed."""

    def objective(cell):
        n_edges = cell.adjacency.sum()
        return np.nan if n_edges == 4 else float(n_edges)

    with pytest.warns(UserWarning, match="fail"):
        return searched(CELLS, objective, 30)


def test_results_are_the_history_best_first_with_failures_at_the_end(search):
    table, history = search.results_, search.history_
    assert table["rank"].dropna().is_monotonic_increasing
    n_failed = int(history["score"].isna().sum())
    assert n_failed > 0 and table["rank"].isna().tolist() == [False] * (30 - n_failed) + [True] * n_failed
    back = table.sort_values("evaluation")
    assert back["score"].tolist() == pytest.approx(history["score"].tolist(), nan_ok=True)
    assert back["architecture"].tolist() == [c.describe() for c in CELLS.decode(search.evaluated_rows_)]
    assert (table["rank"] == 1).sum() == (history["score"] == history["score"].max()).sum()


def test_the_rank_of_several_objectives_is_the_number_of_the_front():
    search = searched(CHAIN, lambda chain: (float(chain[0] or 0), float(chain[1] == "relu")), 6)
    table = search.results_
    front = set(table.loc[table["rank"] == 1, "evaluation"])
    assert front == set(search.history_.query("on_front")["evaluation"])
    assert {"score_0", "score_1"} <= set(table)


@pytest.mark.parametrize(
    ("space", "names"),
    [
        (CELLS, []),
        (CHAIN, ["layer_0", "layer_1"]),
        (ConstrainedSpace(CHAIN, lambda X: np.ones(len(X), bool)), ["layer_0", "layer_1"]),
        (ProductSpace({"cell": CELLS, "chain": CHAIN}), ["chain.layer_0", "chain.layer_1"]),
        (NASBench201Space(), [f"op_edge_{k}" for k in range(6)]),
        (ParameterSpace({"rate": FloatDistribution(0, 1)}), ["rate"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_parameters_are_columns_where_there_are_some(space, names):
    search = searched(space, lambda architecture: 1.0, 4)
    table = search.results_
    assert table.columns[6:].tolist() == names
    for row, values in zip(
        search.evaluated_rows_, table.sort_values("evaluation")[names].values, strict=True
    ):
        params = space.row_to_params(row) if names else {}
        assert [params[name] for name in names] == values.tolist()


def test_the_summary_has_the_best_score_its_evaluation_and_the_drawing(search):
    text, history = search.summary(), search.history_
    assert f"best score {search.best_score_:.6g}, at evaluation {history['score'].idxmax() + 1}" in text
    assert f"{history['score'].isna().sum()} of them failed" in text
    assert str(search.best_architecture_) in text


def test_a_front_is_printed_as_a_table_of_readable_architectures():
    search = searched(CHAIN, lambda chain: (float(chain[0] or 0), float(chain[1] == "relu")), 6)
    lines = str(search.pareto_front_).split("\n")
    assert len(lines) == 1 + len(search.pareto_front_.rows)
    assert lines[0].split() == ["score_0", "score_1", "architecture"]
    assert "16, relu" in lines[1]
    assert repr(search.pareto_front_) in search.summary()


def test_a_notebook_shows_the_drawing_and_the_best_and_before_that_the_estimator(search):
    html = search._repr_mimebundle_()["text/html"]
    assert "<svg" in html and html.count("<tr") == 6  # with the heading
    assert "<svg" not in PredictorBasedSearch(CELLS)._repr_mimebundle_()["text/html"]
