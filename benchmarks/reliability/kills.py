"""Kill searches at random moments until they are finished, and count what is lost.

A search of 80 cells, or 24 on two workers, runs in a process of its own, which is killed (SIGKILL, with all
its workers) and started again, until it is finished: in four of five times a random time after it has begun
to evaluate, else after its start. The workers of a Dask cluster stay, as they would on other machines, but
every fourth kill is that of one of them, and its search goes on. The objective writes each evaluation that
it has ended into a log. After every kill the checkpoint, or the study, must hold all that it held before.
What the log has and the file lacks was ended but not yet told when the kill came: at most one for each
worker and kill. Searches whose order does not depend on which worker is first must end as the same search
without kills does.

Seeds below 100 are of earlier versions of this harness, which differ in the moments of the kills and in the
number of evaluations.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import joblib
import numpy as np
import optuna
import pandas as pd
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock
from sklearn.linear_model import LinearRegression

from benchmarks.harness import Experiment, grid
from skpbnas import CellSpace, EvolutionaryCandidateSampler, PBNASSampler, PredictorBasedSearch
from skpbnas.search import read_checkpoint

SPACE = CellSpace(5, ["a", "b"])
N = {1: 80, 2: 24}  # by the number of workers, which take long to start
SECONDS = 0.4  # at most, from when a search evaluates to when it is killed


class Kind(NamedTuple):
    """How a search runs."""

    n_jobs: int = 1
    asynchronous: bool = False
    dask: bool = False
    storage: str = ""  # of Optuna; none: a checkpoint

    @property
    def repeats(self) -> bool:
        """Whether it has to end as the same search without kills does."""
        return not (self.asynchronous or self.storage)


KINDS = {
    "one process": Kind(),
    "two workers": Kind(2),
    "two workers, asynchronous": Kind(2, asynchronous=True),
    "two workers of Dask": Kind(2, dask=True),
    "two workers of Dask, asynchronous": Kind(2, asynchronous=True, dask=True),
    "a study in SQLite": Kind(storage="sqlite"),
    "a study in SQLite, two threads": Kind(2, storage="sqlite"),
    "a study in a journal file, two threads": Kind(2, storage="journal"),
}


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


def search(kind: Kind, folder: Path) -> None:
    """Run the search to its end."""
    objective = Logged(folder / "log")
    if kind.storage:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = _study(kind, folder)
        while sum(trial.state.is_finished() for trial in study.get_trials(deepcopy=False)) < N[kind.n_jobs]:
            study.optimize(lambda trial: objective(SPACE.suggest(trial)), kind.n_jobs, n_jobs=kind.n_jobs)
        return
    with _dask_client(folder) if kind.dask else nullcontext():
        _search().run(
            objective,
            N[kind.n_jobs],
            n_jobs=kind.n_jobs,
            asynchronous=kind.asynchronous,
            checkpoint=folder / "search.db",
        )


@contextmanager
def _dask_client(folder: Path) -> Iterator[None]:
    from distributed import Client

    with Client(scheduler_file=str(folder / "scheduler.json")):
        with joblib.parallel_config("dask"):
            yield


def _search() -> PredictorBasedSearch:
    pool = EvolutionaryCandidateSampler(n_candidates=40)
    return PredictorBasedSearch(SPACE, LinearRegression(), pool, random_state=0)


def _study(kind: Kind, folder: Path) -> optuna.Study:
    pool = EvolutionaryCandidateSampler(n_candidates=40)
    storage: Any = f"sqlite:///{folder / 'study.db'}"
    if kind.storage == "journal":
        path = str(folder / "study.log")
        lock = JournalFileSymlinkLock(path, grace_period=2)  # of a process that was killed
        storage = optuna.storages.JournalStorage(JournalFileBackend(path, lock))
    return optuna.create_study(
        study_name="cells",
        storage=storage,
        direction="maximize",
        sampler=PBNASSampler(SPACE, LinearRegression(), pool, seed=0),
        load_if_exists=True,
    )


def saved(kind: Kind, folder: Path) -> list[int]:
    """Return the keys of the evaluations that are on the disk."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if kind.storage:
        trials = _study(kind, folder).get_trials(states=(optuna.trial.TrialState.COMPLETE,))
        rows = [SPACE.params_to_row(trial.params) for trial in trials]
        return SPACE.canonical_key(np.array(rows)).tolist() if rows else []
    if not (folder / "search.db").exists():
        return []
    return SPACE.canonical_key(read_checkpoint(folder / "search.db", SPACE).rows).tolist()


class Running:
    """A search in a forked process, with a process group of its own."""

    def __init__(self, kind: Kind, folder: Path) -> None:
        self.log = folder / "log"
        self.pid = os.fork()
        if not self.pid:
            os.setsid()
            try:
                search(kind, folder)
                os._exit(0)
            except BaseException:
                import traceback

                traceback.print_exc()
                os._exit(1)

    def ends_within(self, seconds: float, evaluating: bool) -> bool:
        """Wait so long, or so long from the next evaluation on, and tell whether it has ended."""
        before = self._logged()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                if status:
                    raise RuntimeError(f"the search failed with status {status}")
                return True
            if evaluating and self._logged() == before:
                end = time.monotonic() + seconds
            time.sleep(0.002)
        return False

    def _logged(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def kill(self) -> None:
        """Kill it with its workers."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:  # it has no group of its own yet
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@contextmanager
def dask_cluster(folder: Path) -> Iterator[int]:
    """Start a scheduler and two workers, which outlive the searches; yield the process that watches these."""
    file = ["--scheduler-file", str(folder / "scheduler.json")]
    dask = [sys.executable, "-m", "distributed.cli"]
    scheduler = [*dask[:2], f"{dask[2]}.dask_scheduler", "--port", "0", "--no-dashboard", *file]
    workers = [*dask[:2], f"{dask[2]}.dask_worker", "--nworkers", "2", "--nthreads", "1", "--no-dashboard"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [subprocess.Popen(command, **quiet) for command in (scheduler, [*workers, *file])]
    try:
        while not (folder / "scheduler.json").exists():
            time.sleep(0.1)
        yield started[1].pid
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


def kill_dask_worker(nanny: int, which: float) -> None:
    """Kill the process of one worker, if there is one; its nanny starts another."""
    children = Path(f"/proc/{nanny}/task/{nanny}/children").read_text().split()
    workers = [pid for pid in children if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]
    if workers:
        os.kill(int(workers[int(which * len(workers))]), signal.SIGKILL)


def run(kind: str, seed: int) -> dict[str, Any]:
    """Kill one search until it is finished."""
    how = KINDS[kind]
    rng = np.random.default_rng(seed % 100)
    kills = of_workers = lost = 0
    with TemporaryDirectory() as name:
        folder, before = Path(name), []
        with dask_cluster(folder) if how.dask else nullcontext(0) as nanny:
            running = Running(how, folder)
            while not running.ends_within(rng.uniform(0, SECONDS), evaluating=rng.random() < 0.8):
                if how.dask and rng.random() < 0.25:
                    kill_dask_worker(nanny, rng.random())
                    of_workers += 1
                else:
                    running.kill()
                    running = Running(how, folder)
                kills += 1
                now = saved(how, folder)
                lost += len(set(before) - set(now))
                before = now
        end = saved(how, folder)
        log = (folder / "log").read_text().split()
        same: bool | None = None
        if how.repeats:
            whole = _search().run(Logged(folder / "other"), N[how.n_jobs])
            same = SPACE.canonical_key(whole.evaluated_rows_).tolist() == end
    return {
        "kills": kills,
        "of_workers": of_workers,
        "evaluations": len(end),
        "lost": lost,
        "duplicates": len(end) - len(set(end)),
        "again": sum(count - 1 for count in Counter(log).values()),
        "same": same,
    }


def table(results: pd.DataFrame) -> pd.DataFrame:
    """Sum over all searches of a kind."""
    groups = results.groupby("kind", sort=False)
    sums = groups[["kills", "of_workers", "evaluations", "lost", "duplicates", "again"]].sum().astype(int)
    same = groups["same"].apply(
        lambda column: f"{int(column.sum())} of {len(column)}" if column.notna().all() else ""
    )
    names = {
        "kills": "kills",
        "of_workers": "of these, a worker alone",
        "evaluations": "evaluations in the files",
        "lost": "told and lost",
        "duplicates": "duplicates",
        "again": "evaluated again, as the kill came before they were told",
    }
    return (
        sums.rename(columns=names)
        .astype(str)
        .assign(**{"searches": groups.size().astype(str), "ended as if not killed": same})
        .loc[[kind for kind in KINDS if kind in sums.index]]
        .rename_axis("Search")
    )


OLD = grid(kind=["one process"], seed=range(22)) + grid(kind=["a study in SQLite"], seed=range(6))

EXPERIMENT = Experiment(
    __file__,
    tables={"kills": table},
    jobs=OLD
    + grid(kind=["two workers", "two workers of Dask", "two workers of Dask, asynchronous"], seed=range(1))
    + grid(kind=["a study in a journal file, two threads"], seed=range(1))
    + grid(kind=["one process"], seed=range(100, 105))
    + grid(kind=[kind for kind, how in KINDS.items() if how.n_jobs > 1], seed=range(100, 102)),
    run=run,
)
