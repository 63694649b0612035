"""Let the power fail at random moments of a search, and look at what the disk holds.

The search runs on an ext4 file system on a disk that records every write and flush (``disk.py``).
Afterwards the disk is made as it may be when the power fails: all that came before the last flush is there,
and of the sectors written since then none, half or all. The kernel mounts it, and the files are opened.
Whatever had been told when the power failed must be there, and the search must end as it would have. The
same without syncing is the control that the harness finds losses.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import numpy as np
import optuna
import pandas as pd
from numpy.typing import NDArray
from optuna.storages.journal import JournalFileBackend
from sklearn.linear_model import LinearRegression

import skpbnas
from benchmarks.harness import Experiment, grid
from skpbnas import CellSpace, EvolutionaryCandidateSampler, PBNASSampler, PredictorBasedSearch
from skpbnas.search import read_checkpoint

from .disk import MARK, after_power_loss, mounted, read_record, recorded

SPACE = CellSpace(5, ["a", "b"])
N = 30
MOMENTS = 20  # of each search
Mark = Callable[[int], Any]


def score(cell: Any) -> float:
    """Return what a cell is worth."""
    return float(cell.adjacency.sum()) + 0.1 * cell.operations.count("a")


class Marking:
    """An objective that tells the disk how many evaluations came before this one."""

    def __init__(self, mark: Mark) -> None:
        self.mark, self.begun = mark, 0

    def identity(self) -> dict[str, str]:
        """Return the same for every run."""
        return {}

    def __call__(self, cell: Any) -> float:
        """Mark, and return the score."""
        self.mark(self.begun)
        self.begun += 1
        return score(cell)


# ---------------------------------------------------------------- what is written, and what is found


def write_checkpoint(folder: Path, mark: Mark) -> None:
    """Run a search; a mark is the number of evaluations that were told."""
    _search().run(Marking(mark), N, checkpoint=folder / "search.db")
    mark(N)


def find_checkpoint(folder: Path) -> int:
    """Return how many evaluations are there, after the search has been ended as it would have been."""
    path, expected = folder / "search.db", _expected()
    found = SPACE.canonical_key(read_checkpoint(path, SPACE).rows) if path.exists() else expected[:0]
    ended = _search().run(Marking(lambda _: None), N, checkpoint=path)
    if not np.array_equal(SPACE.canonical_key(ended.evaluated_rows_), expected):
        raise ValueError("the search ended otherwise")
    return len(found)


@cache
def _expected() -> NDArray[np.uint64]:
    return SPACE.canonical_key(_search().run(score, N).evaluated_rows_)


def _search() -> PredictorBasedSearch:
    pool = EvolutionaryCandidateSampler(n_candidates=40)
    return PredictorBasedSearch(SPACE, LinearRegression(), pool, random_state=0)


def write_unsynced(folder: Path, mark: Mark) -> None:
    """Run a search, the checkpoint of which is not synced."""
    from skpbnas.search import _checkpoint

    connect = _checkpoint._connect

    def careless(path: Path, mode: str) -> Any:
        database = connect(path, mode)
        database.execute("PRAGMA synchronous=OFF")
        return database

    with mock.patch.object(_checkpoint, "_connect", careless):
        write_checkpoint(folder, mark)


def write_estimators(folder: Path, mark: Mark) -> None:
    """Save one estimator over the other; a mark is the number of the last that is there."""
    for k in range(N):
        predictor = LinearRegression().fit([[0.0], [1.0]], [0.0, float(k + 1)])
        skpbnas.save(predictor, folder / "predictor.skpbnas")
        mark(k + 1)


def find_estimator(folder: Path) -> int:
    """Return which estimator is there; 0 for none."""
    path = folder / "predictor.skpbnas"
    return round(float(skpbnas.load(path).coef_[0])) if path.exists() else 0


def write_study(storage: Callable[[Path], Any]) -> Callable[[Path, Mark], None]:
    """Return what runs a study; a mark is the number of trials that were told."""

    def write(folder: Path, mark: Mark) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = PBNASSampler(
            SPACE, LinearRegression(), EvolutionaryCandidateSampler(n_candidates=40), seed=0
        )
        study = optuna.create_study(
            study_name="cells", storage=storage(folder), direction="maximize", sampler=sampler
        )
        objective = Marking(mark)
        study.optimize(lambda trial: objective(SPACE.suggest(trial)), n_trials=N)
        mark(N)

    return write


def find_study(storage: Callable[[Path], Any]) -> Callable[[Path], int]:
    """Return what counts the trials that are there, each with its right value."""

    def find(folder: Path) -> int:
        try:
            study = optuna.load_study(study_name="cells", storage=storage(folder))
        except KeyError:  # it has not been created yet
            return 0
        trials = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))
        for trial in trials:
            (cell,) = SPACE.decode(SPACE.params_to_row(trial.params)[None])
            if trial.value != score(cell):
                raise ValueError(f"trial {trial.number} has another value")
        return len(trials)

    return find


def sqlite(folder: Path) -> Any:
    """Return Optuna's storage in a database."""
    return f"sqlite:///{folder / 'study.db'}"


def journal(folder: Path) -> Any:
    """Return Optuna's storage in a journal."""
    return optuna.storages.JournalStorage(JournalFileBackend(str(folder / "study.log")))


KINDS: dict[str, tuple[Callable[[Path, Mark], None], Callable[[Path], int]]] = {
    "a checkpoint": (write_checkpoint, find_checkpoint),
    "a checkpoint that is not synced (control)": (write_unsynced, find_checkpoint),
    "estimators, each saved over the last": (write_estimators, find_estimator),
    "a study in SQLite": (write_study(sqlite), find_study(sqlite)),
    "a study in a journal file": (write_study(journal), find_study(journal)),
}

# ------------------------------------------------------------------------------------------ the runs


def run(kind: str, seed: int) -> dict[str, Any]:
    """Record one search, and let the power fail at moments of it."""
    write, find = KINDS[kind]
    rng = np.random.default_rng(seed)
    with TemporaryDirectory() as name:
        folder = Path(name)
        with recorded(folder) as (place, mark):
            mark(0)
            write(place, mark)
        events = read_record(folder / "record")
        begin = next(k for k, event in enumerate(events) if event.kind == MARK)
        counts = {"told": 0, "lost": 0, "later": 0, "damaged": 0}
        reasons = set()
        for moment in rng.integers(begin + 1, len(events), MOMENTS):
            before = events[:moment]
            told = max(int(event.data) for event in before if event.kind == MARK)
            image = folder / "image"
            image.write_bytes(after_power_loss(before, rng.choice([0.0, 0.5, 1.0]), rng))
            counts["told"] += told
            with mounted(image, folder / "mounted") as place:
                try:
                    found = find(place)
                except Exception as error:
                    counts["damaged"] += 1
                    reasons.add(f"{type(error).__name__}: {error}".replace(str(folder), ""))
                    continue
            counts["lost"] += max(told - found, 0)
            counts["later"] += found > told
        print(*reasons, sep="\n")
    return {"moments": MOMENTS, "events": len(events) - begin, **counts}


def table(results: pd.DataFrame) -> pd.DataFrame:
    """Sum over the searches of a kind."""
    names = {
        "moments": "power failures",
        "told": "told before, in all",
        "lost": "told and lost",
        "damaged": "cannot be read, or ends otherwise",
    }
    sums = results.groupby("kind", sort=False)[list(names)].sum().astype(str)
    return sums.rename(columns=names).rename_axis("What was written")


EXPERIMENT = Experiment(__file__, tables={"power_loss": table}, jobs=grid(seed=range(2), kind=KINDS), run=run)
