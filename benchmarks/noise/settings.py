"""Whether a search should be set otherwise where trainings are noisy: exploration, pool, first architectures.

The noise, the tables and the answers of ``finals.py``, with one setting of the default search changed. The
default takes part with the same seeds. They chose nothing, as the settings stayed what they are.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from benchmarks.harness import Experiment, grid, mean_and_error
from benchmarks.noise.finals import TABLES, answer, noisy
from skpbnas import EvolutionaryCandidateSampler, PredictorBasedSearch
from skpbnas.search import default_predictor

BUDGETS = (100, 150)
SETTINGS: dict[str, dict[str, Any]] = {
    "the default": {},
    "exploration 1 instead of 2": {"predictor": default_predictor().set_params(exploration=1.0)},
    "exploration 3": {"predictor": default_predictor().set_params(exploration=3.0)},
    "a pool of 300 instead of 1000": {"candidates": EvolutionaryCandidateSampler(n_candidates=300)},
    "8 random architectures first, instead of 4": {"n_initial": 8},
    "16 random architectures first": {"n_initial": 16},
}
ANSWERS = ("best seen", "finals")


def run(table: str, setting: str, seed: int) -> list[dict[str, Any]]:
    """Search once, and answer after each budget with and without finals."""
    objective, percent = noisy(table, seed)
    search = PredictorBasedSearch(objective.table.space, random_state=seed, **SETTINGS[setting])
    search.run(objective, max(BUDGETS))
    rows, scores = search.evaluated_rows_, search.history_["score"].to_numpy()
    return [
        {
            "budget": budget,
            "answer": name,
            "truth": percent * answer(name, objective, rows, scores, budget)["truth"],
        }
        for budget in BUDGETS
        for name in ANSWERS
    ]


def settings(results: pd.DataFrame) -> pd.DataFrame:
    """Means of the true score of what finals recommend, less the default's on the same seeds, in percent."""
    lines = results[results["answer"] == "finals"]
    truths = lines.pivot(index=["table", "budget", "seed"], columns="setting", values="truth").dropna()
    columns = {"searches": truths.groupby(["table", "budget"]).size().astype(str)}
    columns["the default"] = truths["the default"].groupby(["table", "budget"]).agg(mean_and_error(2))
    for name in list(SETTINGS)[1:]:
        gain = truths[name] - truths["the default"]
        columns[name] = gain.groupby(["table", "budget"]).agg(mean_and_error(2))
    table = pd.DataFrame(columns).loc[list(TABLES)].rename_axis(["Table", "Trainings"])
    return table.reset_index().set_index("Table")


EXPERIMENT = Experiment(
    __file__,
    tables={"settings": settings},
    jobs=grid(seed=range(600, 610), table=TABLES, setting=SETTINGS),
    run=run,
)
