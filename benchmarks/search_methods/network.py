"""The protocol of ``methods.py`` with ``GCNRankPredictor()`` as the predictor: a record of commit 4299d14."""

from __future__ import annotations

import pandas as pd

from benchmarks.harness import Experiment, median, pivot, within


def methods(results: pd.DataFrame) -> pd.DataFrame:
    """Medians of the best accuracy, and the runs that found one of the two best cells."""
    table = pivot(
        results.assign(percent=100 * results["mean_test_accuracy"]),
        "method", "evaluations", "percent", median(2),
    )  # fmt: skip
    for budget in (150, 400):
        ranks = results[results["evaluations"] == budget].groupby("method")["rank"]
        table[f"top 2 within {budget}"] = ranks.agg(within(2))
    return table.rename_axis("Method")


EXPERIMENT = Experiment(__file__, tables={"network": methods})
