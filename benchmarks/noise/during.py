"""When to train an architecture again: at the end of a search, or while it runs.

NASBench-101 with the noise of ``finals.py``. "At the end" is ``n_finalists="auto"``. "Spread" gives a fifth
of all trainings, from the 20th on, to the same rule while the search runs, a batch at a time. "One
criterion" compares, before each batch from the 20th training on, by how much one training is expected to
raise the recommended score: the knowledge gradient of the best repeat, and that of the best of 200
candidates, whose score is uncertain by as much as the predictor says.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from benchmarks.harness import Experiment, grid, mean_and_error, pivot
from benchmarks.noise.finals import noisy
from skpbnas import GPRankPredictor, PredictorBasedSearch
from skpbnas._for_space import for_space
from skpbnas.datasets import NoisyObjective
from skpbnas.search._beliefs import beliefs
from skpbnas.search._recommend import N_FINALISTS, knowledge_gradient, recommend
from skpbnas.search._state import SearchState

BUDGETS = (50, 100, 150)
RULES = {"end": "at the end", "spread": "spread over the search", "criterion": "one criterion"}
FIRST, SHARE = 20, 0.2


def train(state: SearchState, objective: NoisyObjective, again: bool, left: int) -> bool:
    """Train a batch, of repeats or of new architectures; return whether there was one."""
    before = len(state.archive)
    if again:
        state.repeat(min(state.batch_size, left), N_FINALISTS)
    else:
        state.ask(min(state.next_size, left))
    rows, repeats = state.archive.rows[before:], state.archive.repeats[before:]
    if len(rows):
        state.tell(rows, objective(rows, seed=repeats)[:, None], np.zeros(len(rows)), repeats)
    return len(rows) > 0


def repeat_gains_more(state: SearchState) -> bool:
    """Tell whether a repeat is expected to raise the recommended score more than a new architecture."""
    observed = state.archive.observed()
    known = beliefs(state.space, observed, N_FINALISTS)
    process = for_space(GPRankPredictor(), state.space, 0)
    process.fit(observed.rows, observed.scores, n_repeats=observed.counts)
    pool = state._candidates.fit(observed.rows, observed.scores)
    candidates = pool.sample(200, exclude=observed.rows, random_state=len(state.archive))
    mean, std = process.predict(candidates, return_std=True)
    change = np.maximum(std**2 / np.sqrt(std**2 + known.noise), 1e-12)
    z = (mean - known.expected.max()) / change
    of_new = (change * (z * norm.cdf(z) + norm.pdf(z))).max()
    return bool(knowledge_gradient(known.expected, known.uncertainty, known.noise).max() > of_new)


def is_to_repeat(state: SearchState, rule: str) -> bool:
    """Tell what the next batch is, while the search runs."""
    n = state.archive.n_told
    if rule == "end" or n < FIRST:
        return False
    return (
        int((state.archive.repeats > 0).sum()) < SHARE * n if rule == "spread" else repeat_gains_more(state)
    )


def run(rule: str, seed: int) -> list[dict[str, Any]]:
    """Search once; tell what is recommended after each budget."""
    objective, percent = noisy("NASBench-101", seed)
    state = PredictorBasedSearch(objective.table.space, random_state=seed)._begin()
    lines = []
    for budget in BUDGETS:
        until = budget - (round(SHARE * budget) if rule == "end" else 0)
        while (left := until - state.archive.n_told) > 0:
            if not (is_to_repeat(state, rule) and train(state, objective, True, left)):
                train(state, objective, False, left)
        final = deepcopy(state)
        while (left := budget - final.archive.n_told) > 0 and train(final, objective, True, left):
            pass
        found = recommend(final.space, final.archive.observed())
        truth = objective.judge(found.row[None])[0]
        held = float(found.interval[0] <= truth <= found.interval[1])
        repeats = int((final.archive.repeats > 0).sum())
        line = {"truth": percent * truth, "said": percent * found.score, "held": held, "repeats": repeats}
        lines.append({"budget": budget, **line})
    return lines


def rules(results: pd.DataFrame) -> pd.DataFrame:
    """Means of the true score of what is recommended, and of what is said of it, in percent."""
    lines = results.assign(error=results["said"] - results["truth"])
    table = pivot(lines, "rule", "budget", "truth", mean_and_error(2))
    table.insert(0, "searches", lines.groupby("rule")["seed"].nunique().astype(str))
    last = lines[lines["budget"] == BUDGETS[-1]].groupby("rule")
    table["said - true, 150"] = last["error"].agg(mean_and_error(2))
    table["repeats of 150"] = last["repeats"].median().map("{:.0f}".format)
    return table.loc[list(RULES)].rename(RULES).rename_axis("Repeats")


EXPERIMENT = Experiment(
    __file__,
    tables={"during": rules},
    jobs=grid(seed=range(540, 552), rule=["end", "spread"]) + grid(seed=range(540, 543), rule=["criterion"]),
    run=run,
)
