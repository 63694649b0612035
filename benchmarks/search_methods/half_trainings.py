"""Do half trainings save evaluations? Measured on the digits cells, in units of full trainings.

The score is the validation accuracy of one repeat after 18 epochs, and the cheap one that of the same
training after 9: it costs half a unit, and so does its continuation. Each iteration half-trains the
``n_half`` cells that the predictor ranks first and goes on with the best ``n_full`` of them. A method that
learns from half trainings shows the predictor those that were stopped, too, with their scores mapped by a
straight line fitted to the cells that have both. Reported is the mean validation accuracy of three repeats
of the cell with the best full score.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.harness import Experiment, grid, mean_and_error, pivot
from skpbnas import EvolutionaryCandidateSampler
from skpbnas._for_space import for_space
from skpbnas.datasets import load_digits_cells
from skpbnas.search import default_predictor, propose

BUDGETS = (15, 30, 60)
N_INITIAL = 4
# n_half, n_full, whether stopped trainings are learned from
METHODS = {
    "full trainings only": (4, 4, False),
    "stop 2 of 4": (4, 2, False),
    "stop 2 of 4, learn from them": (4, 2, True),
    "stop 4 of 8": (8, 4, False),
    "stop 4 of 8, learn from them": (8, 4, True),
}


def run(method: str, seed: int) -> list[dict[str, float]]:
    """Return the true accuracy of the best cell at each of the budgets."""
    table, (n_half, n_full, learn) = load_digits_cells(), METHODS[method]
    full, half = table.columns["validation_accuracy_0"], table.columns["half_validation_accuracy_0"]
    true = table.columns["validation_accuracy"]
    predictor = for_space(default_predictor(), table.space, seed)
    candidates = for_space(EvolutionaryCandidateSampler(), table.space, seed)
    seen, is_full = np.empty(0, int), np.empty(0, bool)  # places in the table
    found, costs = [0.0], [0.0]
    while costs[-1] < max(BUDGETS):
        use = np.full(len(seen), learn) | is_full
        y = full[seen].copy()
        if not is_full.all():
            line = np.polyfit(half[seen][is_full], full[seen][is_full], 1)
            y[~is_full] = np.polyval(line, half[seen][~is_full])
        others = table.X[seen[~use]]
        n = n_half if len(seen) else N_INITIAL
        rng = np.random.default_rng([seed, len(seen)])
        batch = propose(table.space, predictor, candidates, table.X[seen[use]], y[use], others, n, rng)
        new = table.locate(batch.rows)
        n_on = n_full if len(seen) else N_INITIAL
        new = new[np.argsort(-half[new], kind="stable")]
        seen = np.concatenate([seen, new])
        is_full = np.concatenate([is_full, np.arange(len(new)) < n_on])
        costs.append(costs[-1] + 0.5 * (len(new) + min(n_on, len(new))))
        trained = seen[is_full]
        found.append(float(true[trained[full[trained].argmax()]]))
    return [
        {
            "full_trainings": budget,
            "accuracy": found[np.searchsorted(costs, budget, side="right") - 1],
        }
        for budget in BUDGETS
    ]


def comparison(results: pd.DataFrame) -> pd.DataFrame:
    """Means over the seeds with their standard errors."""
    return pivot(results, "method", "full_trainings", "accuracy", mean_and_error(3)).rename_axis("Method")


EXPERIMENT = Experiment(
    __file__,
    tables={"half_trainings": comparison},
    jobs=grid(seed=range(5), method=METHODS),
    run=run,
    digits=5,
)
