"""Why the single best cell is hard to find: how it is ranked by a search that has not found it.

A default search of 600 evaluations of the mean test accuracy; then its process ranks all unseen cells.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.harness import Experiment, decimals, grid, nasbench101
from skpbnas import EvolutionaryCandidateSampler, GPRankPredictor, PredictorBasedSearch
from skpbnas.datasets import TabularBenchmark

COLUMN, N_EVALUATIONS, LARGE_POOL = "mean_test_accuracy", 600, 20_000


def neighbour_ranks(table: TabularBenchmark) -> np.ndarray:
    """Return the true ranks of the cells that differ from the best by an edge or an operation."""
    space, best = table.space, table.oracle(COLUMN)[0]
    n, graph = space.n_nodes, space.n_nodes**2
    flips = np.repeat(best[None], n * (n - 1) // 2, axis=0)
    upper = np.ravel_multi_index(np.triu_indices(n, 1), (n, n))
    flips[np.arange(len(flips)), upper] ^= 1
    labels = best[graph:].reshape(n, -1)
    operations = np.flatnonzero(labels[1:-1].any(axis=1)) + 1
    changed = []
    for node in operations:
        for label in range(1, labels.shape[1] - 1):
            other = labels.copy()
            other[node] = np.eye(labels.shape[1], dtype=best.dtype)[label]
            changed.append(np.concatenate([best[:graph], other.ravel()])[None])
    rows = np.concatenate([flips, *changed])
    rows = rows[space.is_valid(rows)]
    rows = rows[space.canonical_key(rows) != space.canonical_key(best[None])]
    values = table.query(rows, COLUMN)
    return (table.columns[COLUMN] > values[:, None]).sum(axis=1) + 1


def run(seed: int) -> dict[str, float]:
    """Search once; tell where the best cell stands among all unseen ones."""
    table = nasbench101()
    search = PredictorBasedSearch(table.space, random_state=seed)
    search.run(table.objective(COLUMN), N_EVALUATIONS)
    seen, y = search.evaluated_rows_, search.history_["score"].to_numpy()
    best = table.oracle(COLUMN)[0][None]
    unseen = table.X[~np.isin(np.arange(len(table)), table.locate(seen))]
    process = GPRankPredictor(table.space.n_nodes).fit(seen, y)
    above_mean = int((process.predict(unseen) > process.predict(best)).sum())
    process.set_params(exploration=2)
    pool = EvolutionaryCandidateSampler(table.space, n_candidates=LARGE_POOL, random_state=seed)
    keys = table.space.canonical_key(pool.fit(seen, y).sample(exclude=seen))
    return {
        "found": int(table.locate(best)[0] in table.locate(seen)),
        "rank_by_mean": above_mean + 1,
        "rank_by_bound": int((process.predict(unseen) > process.predict(best)).sum()) + 1,
        "in_large_pool": int(table.space.canonical_key(best)[0] in keys),
        "best_neighbour": int(neighbour_ranks(table).min()),
    }


def ranks(results: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each search."""
    names = {
        "found": "found within 600",
        "rank_by_mean": "rank by the mean",
        "rank_by_bound": "rank by the upper confidence bound",
        "in_large_pool": "in a pool of 20,000",
        "best_neighbour": "true rank of its best neighbour",
    }
    table = results.set_index("seed")[list(names)].map(decimals(0)).rename(columns=names)
    for column in ("found within 600", "in a pool of 20,000"):
        table[column] = table[column].map({"0": "no", "1": "yes"})
    # Where the cell was found it is no unseen one, and its places say nothing.
    unseen = ["rank by the mean", "rank by the upper confidence bound", "in a pool of 20,000"]
    table.loc[table["found within 600"] == "yes", unseen] = ""
    return table.rename_axis("Seed")


EXPERIMENT = Experiment(__file__, tables={"hidden": ranks}, jobs=grid(seed=range(5)), run=run)
