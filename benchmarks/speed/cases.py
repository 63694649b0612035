"""The speed of each part against the obvious program for the same work, in the same run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from benchmarks.harness import Experiment, grid
from skpbnas import (
    EvolutionaryCandidateSampler,
    ExhaustiveCandidateSampler,
    GCNRankPredictor,
    MaximumLikelihoodCandidateSampler,
    PredictorBasedSearch,
)
from skpbnas.predictors import paper_predictor
from skpbnas.preprocessing import GraphDescriptors

from . import references as ref
from .labels import SPACE, labelled
from .measurement import Machine, Measurement, best, interleaved

PAPER_EPOCHS, REFERENCE_EPOCHS = 2000, 40
Measurements = Iterator[Measurement]


def obvious_fit_seconds(X: NDArray, y: NDArray) -> float:
    """Return the time of the obvious paper fit, from some of its epochs."""
    network = ref.initial_network(paper_predictor(7, random_state=0), X, y)
    run = best(lambda: ref.obvious_fit(network, X, y, 7, PAPER_EPOCHS, REFERENCE_EPOCHS), 2)
    return run * PAPER_EPOCHS / REFERENCE_EPOCHS


def paper_fit(machine: Machine) -> Measurements:
    for n in (50, 200, 800):
        X, y = labelled(n)
        ours = paper_predictor(7, random_state=0, max_iter=REFERENCE_EPOCHS)
        network = ref.initial_network(ours, X, y)
        seconds, obvious = interleaved(
            3,
            lambda ours=ours, X=X, y=y: ours.fit(X, y),
            lambda X=X, y=y, network=network: ref.obvious_fit(
                deepcopy(network), X, y, 7, REFERENCE_EPOCHS, REFERENCE_EPOCHS
            ),
        )
        curve = ref.obvious_fit(deepcopy(network), X, y, 7, REFERENCE_EPOCHS, REFERENCE_EPOCHS)
        apart = np.abs(np.subtract(ours.loss_curve_, curve)).max()
        widths = [len(own) for own in ours._index(X, torch.float32).own][:2]
        flops = 3 * 2 * 256 * 256 * sum(widths) * REFERENCE_EPOCHS
        factor = PAPER_EPOCHS / REFERENCE_EPOCHS
        yield Measurement(
            "paper_predictor().fit", f"n = {n}", "4x at 200 and more", seconds * factor,
            PAPER_EPOCHS, "epochs",
            "the obvious loop", obvious * factor, flops * factor / machine.gflops / 1e9,
            f"extrapolated from {REFERENCE_EPOCHS} epochs; loss curves differ by at most {apart:.0e}",
        )  # fmt: skip


def default_fit(machine: Machine) -> Measurements:
    for n in (50, 200, 800):
        X, y = labelled(n)
        model = GCNRankPredictor(7, descriptors=False, random_state=0)
        seconds = best(lambda model=model, X=X, y=y: model.fit(X, y))
        yield Measurement(
            "GCNRankPredictor().fit", f"n = {n}", "20x", seconds, model.max_iter, "epochs",
            "the obvious paper fit", obvious_fit_seconds(X, y),
        )  # fmt: skip


def ensemble_fit(machine: Machine) -> Measurements:
    for n in (50, 200, 800):
        X, y = labelled(n)
        one, eight = (GCNRankPredictor(7, descriptors=False, n_estimators=k, random_state=0) for k in (1, 8))
        single, seconds = interleaved(
            3, lambda m=one, X=X, y=y: m.fit(X, y), lambda m=eight, X=X, y=y: m.fit(X, y)
        )
        yield Measurement(
            "an ensemble of 8, fit", f"n = {n}", "at most 2.5 single fits", seconds, 8, "members",
            "8 single fits", 8 * single, None, f"{seconds / single:.1f} single fits",
        )  # fmt: skip


def predict(machine: Machine) -> Measurements:
    X, y = labelled(200)
    cells = SPACE.enumerate()
    models = {
        "paper's network": (paper_predictor(7, random_state=0, max_iter=3), "50x, 0.25 s, maps 2 s"),
        "default network": (GCNRankPredictor(7, descriptors=False, random_state=0, max_iter=3), "5x"),
    }
    part = cells[np.random.default_rng(0).permutation(len(cells))[:20_000]]
    for name, (model, goal) in models.items():
        model.fit(X, y)
        first = best(lambda model=model: model.predict(cells), 1)
        dense = ref.initial_network(model, X, y) if name.startswith("paper") else model.module_
        seconds, obvious = interleaved(
            3,
            lambda model=model: model.predict(cells),
            lambda dense=dense: ref.obvious_predict(dense, part, 7),
        )
        note = f"{first:.2f} s the first time, when maps are made; reference from {len(part):,} cells"
        yield Measurement(
            f"predict, {name}", "423,624 cells", goal, seconds, len(cells), "cells", "dense matrices",
            obvious * len(cells) / len(part), None, note,
        )  # fmt: skip


def descriptors(machine: Machine) -> Measurements:
    cells = SPACE.enumerate()
    model = GraphDescriptors(7).fit(cells[:10])
    seconds = best(lambda: model.transform(cells), 2)
    yield Measurement("GraphDescriptors.transform", "423,624 cells", "none", seconds, len(cells), "cells")


def evolutionary(machine: Machine) -> Measurements:
    X, y = labelled(200)
    sampler = EvolutionaryCandidateSampler(SPACE, random_state=0).fit(X, y)
    few = 300
    single = best(lambda: ref.one_by_one_pool(SPACE, sampler.parents_, X, few, 0.05), 2) / few
    for n in (1000, 100_000):
        seconds = best(lambda n=n: sampler.sample(n, exclude=X), 5)
        yield Measurement(
            "EvolutionaryCandidateSampler.sample", f"N' = {n:,}", "200,000 cells/s; 100x", seconds,
            n, "cells",
            "a loop over architectures", single * n, None, f"reference from {few} cells, which repeat less",
        )  # fmt: skip


def maximum_likelihood(machine: Machine) -> Measurements:
    X, y = labelled(200)
    model = GCNRankPredictor(7, descriptors=False, random_state=0).fit(X, y)
    sampler = MaximumLikelihoodCandidateSampler(SPACE, model, random_state=0).fit(X, y)
    few, n = 10, 1000
    obvious = best(lambda: ref.ascend_each(SPACE, model.module_, X[:few], 30, 0.1), 2) * n / few
    seconds = best(lambda: sampler.sample(n))
    yield Measurement(
        "MaximumLikelihoodCandidateSampler.sample", "N' = 1,000", "50x", seconds, n, "starts",
        "one ascent per start", obvious, None, f"reference from {few} starts",
    )  # fmt: skip


def spaces(machine: Machine) -> Measurements:
    code = (
        "from time import perf_counter as t; from skpbnas import NASBench101Space as S; "
        "s = S(); a = t(); s.enumerate(); print(t() - a)"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, goal in (("from nothing", "5 s"), ("from the cache", "0.1 s")):
            seconds = float(in_a_new_process(code, SKPBNAS_CACHE=folder))
            yield Measurement("NASBench101Space().enumerate", name, goal, seconds, len(SPACE), "cells")
    cells = SPACE.enumerate()
    rows = cells[np.random.default_rng(0).integers(len(cells), size=1_000_000)]
    few = rows[:20_000]
    seconds, hashed = interleaved(2, lambda: SPACE.canonical_key(rows), lambda: SPACE.module_hash(few))
    loop = best(lambda: [ref.module_hash(*ref.matrix_and_labels(SPACE, row)) for row in rows[:300]], 2)
    for name, reference in (
        ("module_hash of the library", hashed * len(rows) / len(few)),
        ("the MD5 loop of NASBench-101", loop * len(rows) / 300),
    ):
        yield Measurement(
            "canonical_key", "1,000,000 rows", "1,000,000/s; 100x", seconds, len(rows), "rows",
            name, reference,
            rows.nbytes / machine.gigabytes / 1e9,
        )  # fmt: skip


def search(machine: Machine) -> Measurements:
    """One iteration at two sizes; a search costs the sum of its iterations, about 350 times the mean."""
    predictors: dict[str, Any] = {
        "default predictor": None,
        "GCNRankPredictor": GCNRankPredictor(descriptors=False),
    }
    obvious = {n: obvious_fit_seconds(*labelled(n)) for n in (200, 800)}
    pools = {
        "N' = 1000": (EvolutionaryCandidateSampler(n_candidates=1000), "120 s; 3x from 200 to 1,400"),
        "all cells": (ExhaustiveCandidateSampler(), "10 minutes"),
    }
    for pool, (candidates, goal) in pools.items():
        for name, predictor in predictors.items():
            seconds = {}
            for n in (200, 800, 1400):
                X, y = labelled(n)
                algorithm = PredictorBasedSearch(SPACE, predictor, candidates, random_state=0)
                algorithm.tell(X, y)
                seconds[n] = best(
                    lambda algorithm=algorithm: algorithm.ask(), 3 if pool == "N' = 1000" else 2
                )
            # Simpson's rule over the labels of the 350 iterations, where 200 stands for the start
            total = 350 * (seconds[200] + 4 * seconds[800] + seconds[1400]) / 6
            yield Measurement(
                f"search of 1,400 evaluations, {name}", pool, goal, total, 350, "iterations",
                "the obvious paper fit", 350 * (obvious[200] + obvious[800]) / 2, None,
                "from single iterations at 200, 800 and 1,400 labels: "
                + ", ".join(f"{s:.2f}" for s in seconds.values())
                + f" s; {seconds[1400] / seconds[200]:.1f}x",
            )  # fmt: skip


def memory(machine: Machine) -> Measurements:
    """Each in a process of its own, with its libraries and the list of cells."""
    networks = {"paper": "the paper's network", "network": "GCNRankPredictor", "default": "default predictor"}
    for work, size, name, goal in (
        ("score", "423,624 cells", "score all cells the first time", "1 GB"),
        ("search", "10,000 labels", "one iteration of a search", "2 GB"),
    ):
        for key, label in networks.items():
            if (work, key) == ("search", "paper"):
                continue  # an hour of training
            run = subprocess.run(
                [sys.executable, "-m", "benchmarks.speed.memory", f"{work}-{key}"],
                capture_output=True,
                text=True,
                check=True,
            )
            seconds, peak = map(float, run.stdout.split())
            yield Measurement(f"{name}, {label}", size, goal, seconds, 1, "times", note=f"peak {peak:.2f} GB")


def import_time(machine: Machine) -> Measurements:
    times = []
    for statement in ("from skpbnas import GCNRankPredictor, PredictorBasedSearch", "import sklearn, torch"):
        code = f"from time import process_time as t; a = t(); {statement}; print(t() - a)"
        times.append(min(float(in_a_new_process(code)) for _ in range(4)))
    yield Measurement(
        "import of a predictor and the search", "", "0.3 s more", times[0], 1, "imports",
        "import sklearn, torch", times[1], None, f"processor time, {times[0] - times[1]:+.2f} s",
    )  # fmt: skip


def in_a_new_process(code: str, **environment: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


CASES: dict[str, Callable[[Machine], Measurements]] = {
    case.__name__: case
    for case in (
        paper_fit, predict, evolutionary, ensemble_fit, default_fit, spaces, descriptors, maximum_likelihood,
        search, memory, import_time,
    )
}  # fmt: skip


def run(case: str) -> list[dict[str, Any]]:
    """Measure one case, with the machine's limits."""
    machine = Machine.measure()
    return [{**asdict(measurement), **machine.describe()} for measurement in CASES[case](machine)]


def speed(results: pd.DataFrame) -> pd.DataFrame:
    """Return the seconds, and their ratios to the reference and to the machine's limit."""
    seconds = results["seconds"]
    share = 100 * results["limit_seconds"] / seconds
    columns = {
        "Size": results["size"],
        "Seconds": seconds.map("{:.3g}".format),
        "Reference": results["reference"],
        "Ratio": (results["reference_seconds"] / seconds).map("{:.3g}".format),
        "Share of the limit": share.map("{:.0f} %".format),
        "Goal": results["goal"],
        "Note": results["note"],
    }
    table = pd.DataFrame(columns).fillna("").set_index(results["what"].rename("Case"))
    return table.replace({"nan": "", "nan %": ""})


EXPERIMENT = Experiment(__file__, tables={"speed": speed}, jobs=grid(case=CASES), run=run, threads=None)
