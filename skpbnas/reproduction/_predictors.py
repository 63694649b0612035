"""The fast predictor against the paper's: fitted to the same architectures, asked about the same others."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..metrics import kendall_tau
from ..predictors import GCNRankPredictor, paper_predictor
from ..predictors._training import one_torch_thread
from ._experiments import Method, fast_predictor
from ._run import load_record, record_path
from ._task import Task

SECONDS = 12.0  # that a comparison on one training set takes, roughly
# Which runs the training sets are taken from, and after how many iterations.
_SETS = (
    ("paper-evolutionary-1000", 10),
    ("paper-evolutionary-1000", 30),
    ("paper-uniform-1000", 30),
    ("evolutionary-1000", 30),
    ("evolutionary-1000", 60),
)
_N_UNSEEN, _N_TOP = 10_000, 20


def load_comparisons(output: Path, run: int | None = None) -> pd.DataFrame:
    """Return the comparisons there are, of one run or of all."""
    pattern = "predictors-run*.csv" if run is None else _path(output, run).name
    paths = sorted((output / "runs").glob(pattern))
    frames = [pd.read_csv(path) for path in paths]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["source", "iteration"])


def missing(methods: dict[str, Method], run: int, output: Path) -> list[tuple[str, int]]:
    """Return the training sets of a run that are still to be compared on."""
    done = load_comparisons(output, run)
    known = set(zip(done["source"], done["iteration"], strict=True))
    return [
        (key, iteration)
        for key, iteration in _SETS
        if key in methods and iteration <= methods[key].n_iterations and (key, iteration) not in known
    ]


def compare(task: Task, methods: dict[str, Method], run: int, output: Path) -> None:
    """Fit both predictors on what the searches of a run had evaluated, and rank unseen architectures."""
    for key, iteration in missing(methods, run, output):
        record = load_record(record_path(output, methods[key], run), task, methods[key], run)
        if len(record.seconds) < iteration:
            continue  # another process is at it; the next call compares
        observed = record.first(iteration).indices
        rng = np.random.default_rng([run, iteration])
        others = np.setdiff1d(np.arange(len(task.errors)), observed)
        unseen = rng.choice(others, min(_N_UNSEEN, len(others)), replace=False)
        lines = [
            {"run": run, "source": key, "iteration": iteration, "predictor": name}
            | _measure(task, predictor, run, observed, unseen)
            for name, predictor in {"fast": fast_predictor(), "paper": paper_predictor()}.items()
        ]
        _append(pd.DataFrame(lines), _path(output, run))


def _path(output: Path, run: int) -> Path:
    return output / "runs" / f"predictors-run{run:02d}.csv"


def _append(frame: pd.DataFrame, path: Path) -> None:
    """Add lines to a file, which is written whole or not at all."""
    before = [pd.read_csv(path)] if path.exists() else []
    new = path.with_suffix(".tmp")
    pd.concat([*before, frame]).to_csv(new, index=False)
    new.replace(path)


def _measure(
    task: Task, predictor: GCNRankPredictor, run: int, observed: NDArray, unseen: NDArray
) -> dict[str, float]:
    """Return how well a predictor fitted on the observed ranks the unseen, and how long that takes."""
    X, accuracies = task.table.X, 1 - task.errors
    predictor.set_params(n_nodes=task.table.space.n_nodes, random_state=run)
    start = perf_counter()
    with one_torch_thread():
        predictor.fit(X[observed], accuracies[observed])
        seconds = perf_counter() - start
        scores = predictor.predict(X[unseen])
    top = unseen[np.argsort(-scores, kind="stable")[:_N_TOP]]
    good = task.errors[unseen] <= np.quantile(task.errors[unseen], 0.1)
    return {
        "kendall_tau": kendall_tau(accuracies[unseen], scores),
        "kendall_tau_best_tenth": kendall_tau(accuracies[unseen][good], scores[good]),
        "error_of_top_20": float(task.errors[top].mean()),
        "fit_seconds": seconds,
    }
