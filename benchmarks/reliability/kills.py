"""Kill searches at random moments until they are finished, and count what is lost.

A search of 80 cells runs in a process of its own, which is killed (SIGKILL, with all its workers) after a
random time, and started again, until it is finished. Its objective writes each evaluation that it has ended
into a log. After every kill the checkpoint, or the study, must hold all that it held before. What the log
has and the file lacks was ended but not yet told when the kill came: at most one for each worker and kill.
Searches whose order does not depend on which worker is first must end as the same search without kills does.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import optuna
import pandas as pd
from sklearn.linear_model import LinearRegression

from benchmarks.harness import Experiment, grid
from skpbnas import CellSpace, EvolutionaryCandidateSampler, PBNASSampler, PredictorBasedSearch
from skpbnas.search import read_checkpoint

SPACE = CellSpace(5, ["a", "b"])
N = 80
WORKERS = {"one process": 1, "two workers": 2, "two workers, asynchronous": 2, "a study in SQLite": 1}


class Logged:
    """An objective that logs the key of each cell once it has been evaluated."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def identity(self) -> dict[str, str]:
        """Return the same for every run."""
        return {}

    def __call__(self, cell: Any) -> float:
        """Take a moment, and log."""
        time.sleep(0.005)
        key = int(SPACE.canonical_key(SPACE.encode([cell]))[0])
        with self.path.open("ab", buffering=0) as log:
            log.write(f"{key}\n".encode())
        return float(cell.adjacency.sum()) + 0.1 * cell.operations.count("a")


def search(kind: str, folder: Path) -> None:
    """Run the search to its end."""
    objective = Logged(folder / "log")
    if kind == "a study in SQLite":
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = _study(folder)
        while sum(trial.state.is_finished() for trial in study.get_trials(deepcopy=False)) < N:
            study.optimize(lambda trial: objective(SPACE.suggest(trial)), n_trials=1)
        return
    algorithm = _search()
    algorithm.run(
        objective,
        N,
        n_jobs=WORKERS[kind],
        asynchronous="asynchronous" in kind,
        checkpoint=folder / "search.db",
    )


def _search() -> PredictorBasedSearch:
    pool = EvolutionaryCandidateSampler(n_candidates=40)
    return PredictorBasedSearch(SPACE, LinearRegression(), pool, random_state=0)


def _study(folder: Path) -> optuna.Study:
    pool = EvolutionaryCandidateSampler(n_candidates=40)
    return optuna.create_study(
        study_name="cells",
        storage=f"sqlite:///{folder / 'study.db'}",
        direction="maximize",
        sampler=PBNASSampler(SPACE, LinearRegression(), pool, seed=0),
        load_if_exists=True,
    )


def saved(kind: str, folder: Path) -> list[int]:
    """Return the keys of the evaluations that are on the disk."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if kind == "a study in SQLite":
        trials = _study(folder).get_trials(states=(optuna.trial.TrialState.COMPLETE,))
        rows = [SPACE.params_to_row(trial.params) for trial in trials]
        return SPACE.canonical_key(np.array(rows)).tolist() if rows else []
    if not (folder / "search.db").exists():
        return []
    return SPACE.canonical_key(read_checkpoint(folder / "search.db", SPACE).rows).tolist()


def killed_after(seconds: float, function: Callable[..., None], *arguments: Any) -> bool:
    """Run a function in a forked process; kill it after some seconds, and tell whether that was too late."""
    child = os.fork()
    if not child:
        os.setsid()
        try:
            function(*arguments)
            os._exit(0)
        except BaseException:
            os._exit(1)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            if status:
                raise RuntimeError(f"the search failed with status {status}")
            return True
        time.sleep(0.002)
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:  # it has no group of its own yet
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def run(kind: str, seed: int) -> dict[str, Any]:
    """Kill one search until it is finished."""
    rng = np.random.default_rng(seed)
    kills = lost = 0
    with TemporaryDirectory() as name:
        folder, before = Path(name), []
        # Starting workers, or opening a database, takes some seconds, and nothing is evaluated before.
        low, high = (0.05, 1.0) if kind == "one process" else (1.0, 8.0)
        while not killed_after(rng.uniform(low, high), search, kind, folder):
            kills += 1
            now = saved(kind, folder)
            lost += len(set(before) - set(now))
            before = now
        end = saved(kind, folder)
        log = (folder / "log").read_text().split()
        same: bool | None = None
        if kind in ("one process", "two workers"):
            whole = _search().run(Logged(folder / "other"), N)
            same = SPACE.canonical_key(whole.evaluated_rows_).tolist() == end
    return {
        "kills": kills,
        "evaluations": len(end),
        "lost": lost,
        "duplicates": len(end) - len(set(end)),
        "again": sum(count - 1 for count in Counter(log).values()),
        "same": same,
    }


def table(results: pd.DataFrame) -> pd.DataFrame:
    """Sum over all searches of a kind."""
    groups = results.groupby("kind", sort=False)
    sums = groups[["kills", "evaluations", "lost", "duplicates", "again"]].sum().astype(int)
    same = groups["same"].apply(
        lambda column: f"{int(column.sum())} of {len(column)}" if column.notna().all() else ""
    )
    names = {
        "kills": "kills",
        "evaluations": "evaluations in the files",
        "lost": "told and lost",
        "duplicates": "duplicates",
        "again": "evaluated again, as the kill came before they were told",
    }
    return (
        sums.rename(columns=names)
        .astype(str)
        .assign(**{"searches": groups.size().astype(str), "ended as if not killed": same})
        .loc[[kind for kind in WORKERS if kind in sums.index]]
        .rename_axis("Search")
    )


EXPERIMENT = Experiment(
    __file__,
    tables={"kills": table},
    jobs=grid(kind=["one process"], seed=range(21))
    + grid(kind=["two workers"], seed=range(1))
    + grid(kind=["a study in SQLite"], seed=range(6)),
    run=run,
)
