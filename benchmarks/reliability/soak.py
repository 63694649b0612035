"""Let searches run for an hour, and look at memory, files, threads and processes meanwhile.

One process runs a single search, whose fits are small, or one search after another. Of the latter each
differs: in this process, on two workers, asynchronous on two workers, with evaluations that return NaN,
exit or take too long, and as an Optuna study in SQLite. What the process holds is counted every five
minutes, between two searches or batches. A line also counts the evaluations that the files have twice: none
may be.
"""

from __future__ import annotations

import gc
import os
import time
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import optuna
import pandas as pd
from sklearn.linear_model import Ridge

from benchmarks.harness import Experiment, grid
from skpbnas import (
    CellSpace,
    EvolutionaryCandidateSampler,
    NASBench101Space,
    PBNASSampler,
    PredictorBasedSearch,
)
from skpbnas.search import read_checkpoint

SECONDS = 3600
EVERY = 300
LARGE, SMALL = NASBench101Space(), CellSpace(5, ["a", "b"])
N_SMALL = 40


class Napping:
    """An objective that sleeps, and sometimes goes wrong."""

    def __init__(self, seconds: float, fails: bool = False) -> None:
        self.seconds, self.fails = seconds, fails

    def identity(self) -> dict[str, Any]:
        """Return what tells it from others."""
        return {"seconds": self.seconds, "fails": self.fails}

    def __call__(self, cell: Any) -> float:
        """Return the number of edges, in most cases."""
        time.sleep(self.seconds)
        edges = int(cell.adjacency.sum())
        if self.fails and edges == 5:
            return float("nan")
        if self.fails and edges == 6:
            raise SystemExit(3)
        if self.fails and edges == 7:
            time.sleep(60)
        return edges + 0.1 * len(cell.operations)


def one_search(folder: Path) -> Iterator[tuple[int, int]]:
    """Yield evaluations and duplicates of a search that goes on, after each hundred."""
    pool = EvolutionaryCandidateSampler(n_candidates=100)
    search = PredictorBasedSearch(LARGE, Ridge(), pool, batch_size=4, random_state=0)
    for n in count(100, 100):
        search.run(Napping(0.1), n, checkpoint=folder / "search.db")
        keys = LARGE.canonical_key(read_checkpoint(folder / "search.db", LARGE).rows)
        yield n, n - len(set(keys.tolist()))


def one_after_another(folder: Path) -> Iterator[tuple[int, int]]:
    """Yield evaluations and duplicates so far, after each search."""
    total = doubles = 0
    for k in count():
        path = folder / f"{k}.db"
        keys = _study(path, k) if k % 5 == 4 else _search(path, k)
        path.unlink()
        total, doubles = total + len(keys), doubles + len(keys) - len(set(keys))
        yield total, doubles


def _search(path: Path, k: int) -> list[int]:
    search = PredictorBasedSearch(SMALL, random_state=k)
    kinds: list[dict[str, Any]] = [
        {},
        {"n_jobs": 2},
        {"n_jobs": 2, "asynchronous": True},
        {"n_jobs": 2, "timeout": 10.0},
    ]
    options = kinds[k % 5]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of evaluations that have failed
        search.run(Napping(0.5, fails="timeout" in options), N_SMALL, checkpoint=path, **options)
    return SMALL.canonical_key(read_checkpoint(path, SMALL).rows).tolist()


def _study(path: Path, k: int) -> list[int]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{path}", direction="maximize", sampler=PBNASSampler(SMALL, seed=k)
    )
    objective = Napping(0.5)
    study.optimize(lambda trial: objective(SMALL.suggest(trial)), n_trials=N_SMALL)
    rows = [SMALL.params_to_row(trial.params) for trial in study.trials]
    return [int(SMALL.canonical_key(row[None])[0]) for row in rows]


def holds() -> dict[str, Any]:
    """Return what this process holds: megabytes, open files, threads, and processes below it."""
    gc.collect()
    own = Path("/proc/self")
    status = dict(line.split(":", 1) for line in (own / "status").read_text().splitlines())
    children = "".join(path.read_text() for path in own.glob("task/*/children")).split()
    return {
        "megabytes": int(status["VmRSS"].split()[0]) / 1024,
        "files": len(os.listdir(own / "fd")),
        "threads": int(status["Threads"]),
        "processes": len(children),
    }


KINDS = {"one search": one_search, "one search after another": one_after_another}


def run(kind: str, seconds: int) -> list[dict[str, Any]]:
    """Run for so long, and count every five minutes."""
    lines: list[dict[str, Any]] = []
    start = time.monotonic()
    with TemporaryDirectory() as folder:
        for evaluations, duplicates in KINDS[kind](Path(folder)):
            minutes = (time.monotonic() - start) / 60
            if minutes >= EVERY / 60 * (len(lines) + 1) or minutes >= seconds / 60:
                lines.append({"minutes": minutes, "evaluations": evaluations, "duplicates": duplicates})
                lines[-1] |= {**holds(), "cpu_seconds": time.process_time()}
                print(lines[-1], flush=True)
            if minutes >= seconds / 60:
                return lines
    raise AssertionError("these searches have no end")


def table(results: pd.DataFrame) -> pd.DataFrame:
    """Return what each holds after ten minutes, half an hour, and at the end."""
    rows = []
    for _, lines in results.groupby("kind", sort=False):
        places = [(lines["minutes"] - minutes).abs().idxmin() for minutes in (10, 30, 60)]
        rows.append(lines.loc[places])
    chosen = pd.concat(rows)
    columns = ["evaluations", "duplicates", "megabytes", "files", "threads", "processes"]
    text = (
        chosen[["kind", "minutes", *columns]].round(0).astype({name: int for name in ["minutes", *columns]})
    )
    return text.astype(str).rename(columns={"kind": "Search", "files": "open files"}).set_index("Search")


EXPERIMENT = Experiment(
    __file__, tables={"soak": table}, jobs=grid(kind=KINDS, seconds=[SECONDS]), run=run, digits=7
)
