"""Whether a smoother prior of the process keeps what the default has, later and on other tables.

The protocol of ``first_fifty.py`` with more evaluations, on all tables of development that are searched
without noise: what is reported is what is searched on. The seeds served for no choice.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

from benchmarks.defaults.tables import load
from benchmarks.harness import Experiment, data_file, grid, mean_and_error, nasbench101
from benchmarks.search_methods.first_fifty import VARIANTS, smoother
from skpbnas import PredictorBasedSearch
from skpbnas.datasets import TabularBenchmark, load_digits_cells, load_transnas_micro

AFTER = (20, 50, 100)
TABLES = ("NASBench-101", "digits cells", "NAS-Bench-201", "TransNAS, objects", "NAS-Bench-Macro")
COMPARED = ("now", "s1a0")


@cache
def objective(table: str) -> tuple[Any, float]:
    """Return the objective, and what its scores are multiplied by to be percent."""
    if table == "NASBench-101":
        return nasbench101().objective("mean_test_accuracy"), 100.0
    if table == "digits cells":
        return load_digits_cells().objective("validation_accuracy"), 100.0
    if table == "TransNAS, objects":
        return load_transnas_micro(data_file("transnas_micro.npz")).objective("class_object"), 1.0
    data = load(table)
    return TabularBenchmark(data.space, data.X, {"score": data.observed}).objective("score"), 1.0


def run(table: str, variant: str, seed: int) -> list[dict[str, Any]]:
    """Search once; tell the best score after so many evaluations."""
    given, (scores, percent) = VARIANTS[variant], objective(table)
    search = PredictorBasedSearch(scores.table.space, random_state=seed)
    with smoother(given.smoother, given.amplitude):
        search.run(scores, AFTER[-1])
    best = search.history_["best_score"].to_numpy()
    return [{"after": n, "score": percent * best[n - 1]} for n in AFTER]


def later(results: pd.DataFrame) -> pd.DataFrame:
    """Means of both, and their difference on the same seeds."""
    rows = {}
    for table in TABLES:
        lines = results[results["table"] == table]
        by_seed = lines.pivot_table(index=["after", "seed"], columns="variant", values="score").dropna()
        row = {"seeds": str(len(by_seed.loc[AFTER[-1]]))}
        for n in AFTER:
            both = by_seed.loc[n]
            row[f"default, {n}"] = mean_and_error(2)(both["now"])
            gained = both["s1a0"] - both["now"]
            row[f"smoother, {n}"] = f"{gained.mean():+.2f} ± {gained.sem():.2f}"
        rows[table] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("Table")


EXPERIMENT = Experiment(
    __file__,
    tables={"smoother": later},
    jobs=grid(seed=range(560, 570), table=TABLES, variant=COMPARED)
    + grid(seed=range(570, 580), table=["NASBench-101"], variant=COMPARED),
    run=run,
    digits=7,
)
