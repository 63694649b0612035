"""Thousands of labels, under the protocol of the best published ranking of NASBench-101.

NN-Former (Xu et al., CVPR 2025) learns from 4,236 cells, 1 % of the table, each with the mean of its three
trainings as label; it keeps the best of its epochs on 1,024 further labels, and ranks all cells: Kendall's
tau is .877. It learns from the validation accuracy and ranks by the test accuracy. The table at hand has no
validation accuracy: here the mean test accuracy of three trainings is the label, and the truth. This is
easier: what a label errs is no error.

The predictors learn from 4,236 labels and look at no others, or from all 5,260. They rank 20,000 random
cells, those learned from among them, as in the paper. All settings, and the weight of the process beside the
networks, were chosen on seed 0, with 1,024 labels and 6,000 cells of its own; reported are seeds from 100.
Seconds are those of the processor.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Experiment, decimals, grid, nasbench101, significant
from skpbnas import EnsembleRankPredictor
from skpbnas.metrics import kendall_tau
from skpbnas.predictors import ensemble_predictor

from .variants.many_labels import networks_and_process

ENSEMBLE, NETWORKS = "ensemble_predictor", "networks and process"
PREDICTORS: dict[str, Any] = {
    ENSEMBLE: lambda seed: ensemble_predictor(7, random_state=seed),
    NETWORKS: networks_and_process,
}
NAMES = {
    "process": "``GPRankPredictor()``",
    ENSEMBLE: "``ensemble_predictor()``",
    "network_0": "one network, in mini-batches",
    "networks": "three of these networks",
    NETWORKS: "three of these networks and the process",
}


def run(seed: int, labels: int, predictor: str, cells: int) -> list[dict[str, Any]]:
    """Fit an ensemble, and rank by it and by its members."""
    table = nasbench101()
    truth = table.columns["mean_test_accuracy"]
    scored = np.sort(np.random.default_rng(0).permutation(len(table))[:cells])
    learned = np.random.default_rng(seed).permutation(len(table))[:labels]
    model = PREDICTORS[predictor](seed)
    start = process_time()
    model.fit(table.X[learned], truth[learned])
    fitted = process_time()
    members = {name: member.predict(table.X[scored]) for name, member in model.named_estimators_.items()}
    seconds = {"fit_seconds": fitted - start, "predict_seconds": process_time() - fitted}
    return [
        {"ranked_by": name, "kendall_tau": kendall_tau(truth[scored], scores), **seconds}
        for name, scores in _rankings(predictor, model, members)
    ]


def _rankings(name: str, model: EnsembleRankPredictor, members: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield name, np.average(list(members.values()), axis=0, weights=model.weights)
    yield from members.items()
    networks = [scores for member, scores in members.items() if member.startswith("network_")]
    if networks:
        yield "networks", np.mean(networks, axis=0)


def published(results: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of tau, and of how many seeds, at each number of labels."""
    lines = results[(results["predictor"] == NETWORKS) | (results["ranked_by"] == ENSEMBLE)]
    groups = lines.groupby(["ranked_by", "labels"])
    text = decimals(3, leading_zero=False)
    tau = groups["kendall_tau"].agg(lambda values: f"{text(values.mean())} ({len(values)})").unstack()
    tau.columns = [f"{labels:,} labels" for labels in tau.columns]
    tau["seconds"] = groups["fit_seconds"].median().xs(4236, level="labels").map(significant(2))
    tau.loc[["process", "network_0", "networks"], "seconds"] = ""  # of a part
    tau = tau.loc[list(NAMES)].rename(NAMES)
    tau.loc["NN-Former, as published"] = [".877", "", ""]
    return tau.fillna("").rename_axis("Kendall's :math:`\\tau` (seeds)")


SEEDS = range(100, 103)
EXPERIMENT = Experiment(
    __file__,
    tables={"published": published},
    jobs=grid(seed=SEEDS, labels=[4236], predictor=PREDICTORS, cells=[20_000])
    + grid(seed=[100], labels=[5260], predictor=[NETWORKS], cells=[20_000]),
    run=run,
    digits=5,
)
