"""Compare predictors by how they rank all 423,624 NASBench-101 cells.

Each predictor is trained on the test accuracy of one repeat of n random cells (cells below 20 % are drawn
again), and scored against the mean test accuracy of all cells: Kendall's tau, the precision at the best
0.5 %, and the best true rank among the 10 that it ranks first. All predictors see the same cells. The seeds
below 100 were used while the predictors were made.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import (
    Experiment,
    decimals,
    grid,
    mean,
    mean_and_error,
    median,
    nasbench101,
    significant,
)
from skpbnas.metrics import best_rank_at_k, kendall_tau, precision_at_k

from .variants import VARIANTS

SIZES = (100, 172, 424, 4236)
ENSEMBLE, PROCESS, PAPER = "process, trees and 3 networks, 4 to 1 to 1", "process", "the paper"
NAMES = {
    ENSEMBLE: "``ensemble_predictor()``",
    PROCESS: "``GPRankPredictor()``",
    PAPER: "``paper_predictor()``",
}
# PINAT with a pairwise loss, as its paper has it: on its own draw of cells.
PUBLISHED = pd.Series([".717", ".764", ".812", ".854"], index=SIZES)


def run(seed: int, n: int, predictor: str, cells: int) -> dict[str, Any]:
    """Fit a predictor to n cells, and rank the same random cells with all, or all cells."""
    table = nasbench101()
    scored = np.sort(np.random.default_rng(0).permutation(len(table))[:cells])
    observed, truth = table.columns["run0_test_accuracy"], table.columns["mean_test_accuracy"][scored]
    order = np.random.default_rng(seed).permutation(len(table))
    trained = order[observed[order] >= 0.2][:n]
    model = VARIANTS[predictor](seed)
    start = perf_counter()
    model.fit(table.X[trained], observed[trained])
    fitted = perf_counter()
    scores = model.predict(table.X[scored])
    return {
        "kendall_tau": kendall_tau(truth, scores),
        "precision_at_0.5%": precision_at_k(truth, scores, k=cells // 200),
        "best_rank_of_10": best_rank_at_k(truth, scores, k=10),
        "fit_seconds": fitted - start,
        "predict_seconds": perf_counter() - fitted,
    }


def all_cells(results: pd.DataFrame) -> pd.DataFrame:
    """Return five lines for each predictor, and the best published numbers."""
    lines = {}
    for predictor, name in NAMES.items():
        groups = results[results["predictor"] == predictor].groupby("n")
        tau, ranks = groups["kendall_tau"], groups["best_rank_of_10"]
        seconds = groups[["fit_seconds", "predict_seconds"]].median().map(significant(2))
        lines[f"{name}, all cells"] = tau.agg(_mean_and_fewer_seeds)
        lines[f"{name}: standard deviation over the seeds"] = tau.std().map(decimals(3, leading_zero=False))
        lines[f"{name}: precision at the best 0.5 %"] = groups["precision_at_0.5%"].agg(mean(2))
        lines[f"{name}: best true rank of the 10 ranked first (median)"] = ranks.agg(median(0))
        lines[f"{name}: seconds a fit; to rank all cells"] = (
            seconds["fit_seconds"] + "; " + seconds["predict_seconds"]
        )
    table = pd.DataFrame({**lines, "best published (PINAT with a pairwise loss)": PUBLISHED}).T.fillna(
        "not measured"
    )
    return table.rename_axis("Kendall's :math:`\\tau` at n =")


def _mean_and_fewer_seeds(values: pd.Series) -> str:
    text = mean(3, leading_zero=False)(values)
    return text if len(values) == 10 else f"{text} ({len(values)} seeds)"


def gain(results: pd.DataFrame) -> pd.DataFrame:
    """Return how much higher the ensemble ranks than the process, seed by seed."""
    by_seed = results.pivot_table(index=["n", "seed"], columns="predictor", values="kendall_tau")
    difference = (by_seed[ENSEMBLE] - by_seed[PROCESS]).dropna().groupby("n").agg(mean_and_error(4))
    return difference.to_frame("ensemble minus process").T.rename_axis("n =")


EXPERIMENT = Experiment(
    __file__,
    tables={"nasbench101": all_cells, "ensemble_gain": gain},
    jobs=grid(seed=range(100, 110), n=SIZES[:3], predictor=NAMES, cells=[423_624])
    + grid(seed=range(100, 103), n=[4236], predictor=[ENSEMBLE, PROCESS], cells=[423_624])
    + grid(seed=[103], n=[4236], predictor=[PROCESS], cells=[423_624]),
    run=run,
    digits=5,
)
