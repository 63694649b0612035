"""How much the simulated training times of NASBench-101's cells differ: the FLOPs of their networks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.harness import Experiment, decimals, nasbench101
from skpbnas.spaces import NASBench101Space, cell_costs


def run(table: str) -> dict[str, float]:
    """Return times in units of the mean of all cells."""
    cells = nasbench101()
    flops = cell_costs(NASBench101Space(), cells.X).flops
    times = flops / flops.mean()
    best = times[np.argsort(-cells.columns["mean_test_accuracy"])[:10]]
    return {
        "longest over shortest": times.max() / times.min(),
        "ten best cells, least": best.min(),
        "ten best cells, most": best.max(),
    }


def spread(results: pd.DataFrame) -> pd.DataFrame:
    """Return the values in one line."""
    return results.set_index("table").map(decimals(1)).rename_axis("Table")


EXPERIMENT = Experiment(
    __file__, tables={"training_times": spread}, jobs=[{"table": "NASBench-101"}], run=run
)
