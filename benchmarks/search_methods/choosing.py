"""Which cell to choose after a search with noise: the luckiest, or the one with the highest predicted mean.

A default search sees the test accuracy of one repeat; what counts is the mean test accuracy of the choice.
"""

from __future__ import annotations

import pandas as pd

from benchmarks.harness import Experiment, grid, mean_and_error, nasbench101, pivot
from skpbnas import GPRankPredictor, PredictorBasedSearch

BUDGETS = (150, 400)
OBSERVED, PREDICTED = "highest observed accuracy", "highest predicted mean"


def run(seed: int) -> list[dict[str, float | str]]:
    """Search once; tell what both ways choose after each budget."""
    table = nasbench101()
    search = PredictorBasedSearch(table.space, random_state=seed)
    search.run(table.objective("run0_test_accuracy"), max(BUDGETS))
    rows, scores = search.evaluated_rows_, search.history_["score"].to_numpy()
    truth = table.query(rows, "mean_test_accuracy")
    lines: list[dict[str, float | str]] = []
    for budget in BUDGETS:
        X, y = rows[:budget], scores[:budget]
        predicted = GPRankPredictor(table.space.n_nodes).fit(X, y).predict(X)
        for choice, values in ((OBSERVED, y), (PREDICTED, predicted)):
            lines.append({"choice": choice, "evaluations": budget, "accuracy": truth[values.argmax()]})
    return lines


def comparison(results: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of what the chosen cell really has, in percent."""
    percent = results.assign(percent=100 * results["accuracy"])
    return pivot(percent, "choice", "evaluations", "percent", mean_and_error(2)).rename_axis("Choice")


EXPERIMENT = Experiment(__file__, tables={"choosing": comparison}, jobs=grid(seed=range(300, 310)), run=run)
