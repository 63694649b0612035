"""One run of one method: saved as it goes, and continued where it was."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from .._files import save_arrays
from ..predictors._training import one_torch_thread
from ..search import PredictorBasedSearch
from ..spaces import Rows
from ._experiments import N_INITIAL, Method
from ._task import Task

# J_target: where the gain is computed, for errors as networks have them on CIFAR-10. The true errors of a
# pool are kept as counts at these targets.
TARGETS: NDArray[np.float64] = np.round(np.arange(0.04, 0.20001, 0.0005), 4)
_SECONDS_BETWEEN_SAVES = 5


@dataclass
class Record:
    """What is kept of a run.

    Attributes
    ----------
    indices : ndarray of shape (n_evaluations,)
        Where in the table each evaluated architecture stands; the initial ones come first.
    sizes : ndarray of shape (n_iterations + 1,)
        How many each batch holds, the initial one included.
    pool_counts : ndarray of shape (n_iterations, n_targets)
        How many architectures of each pool reach each of :data:`TARGETS`.
    pool_sizes : ndarray of shape (n_iterations,)
    seconds : ndarray of shape (n_iterations,)
        Time that each proposal took: fitting, drawing and ranking.
    """

    indices: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    sizes: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    pool_counts: NDArray[np.int32] = field(default_factory=lambda: np.empty((0, len(TARGETS)), np.int32))
    pool_sizes: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    seconds: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    @property
    def iteration(self) -> NDArray[np.int64]:
        """The iteration of each evaluation; 0 for the initial ones."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    def first(self, n_iterations: int) -> Record:
        """Return the run as it was after some iterations."""
        n = int(self.sizes[: n_iterations + 1].sum())
        return Record(
            self.indices[:n],
            self.sizes[: n_iterations + 1],
            self.pool_counts[:n_iterations],
            self.pool_sizes[:n_iterations],
            self.seconds[:n_iterations],
        )


def record_path(output: Path, method: Method, run: int) -> Path:
    """Return where a run is kept."""
    return output / "runs" / f"{method.key}-run{run:02d}.npz"


def load_record(path: Path, task: Task, method: Method, run: int) -> Record:
    """Return what has been saved of a run; nothing where there is no file.

    Raises
    ------
    ValueError
        Where the file is damaged, or holds a run of another method or table.
    """
    if not path.exists():
        return Record()
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise ValueError(f"{path} cannot be read ({error}); remove it, and the run is made again") from error
    if json.loads(str(arrays.pop("meta"))) != _meta(task, method, run):
        raise ValueError(
            f"{path} holds a run of another setting or another table; give another --output, or remove it"
        )
    return Record(**arrays)


def execute(task: Task, method: Method, run: int, output: Path) -> None:
    """Make a run, or what is left of it."""
    path = record_path(output, method, run)
    path.parent.mkdir(parents=True, exist_ok=True)
    record = load_record(path, task, method, run)
    if len(record.indices) >= method.n_evaluations:
        return
    search = PredictorBasedSearch(
        task.table.space,
        method.predictor,
        method.candidates,
        n_initial=N_INITIAL,
        batch_size=method.batch_size,
        random_state=run,
    )
    objective = task.table.objective(task.search_column)
    if len(record.indices):
        rows = task.table.X[record.indices]
        search.tell(rows, objective(rows))
    recorder = _Recorder(task, record, path, json.dumps(_meta(task, method, run)))
    try:
        with one_torch_thread():  # one thread for each process
            search.run(objective, method.n_evaluations, callbacks=[recorder])
    finally:
        recorder.save()


class _Recorder:
    """A callback that adds each batch to a record, and saves the record now and then."""

    def __init__(self, task: Task, record: Record, path: Path, meta: str) -> None:
        self.task, self.record, self.path, self.meta = task, record, path, meta
        self.saved = perf_counter()

    def __call__(self, search: PredictorBasedSearch) -> None:
        """Add the latest batch."""
        record, proposal = self.record, search.last_proposal_
        batch = self.task.table.locate(proposal.rows)
        if len(record.sizes):  # the initial batch has no pool
            record.pool_counts = np.concatenate([record.pool_counts, self._counts(proposal.pool)[None]])
            record.pool_sizes = np.append(record.pool_sizes, np.int32(len(proposal.pool)))
            record.seconds = np.append(record.seconds, proposal.seconds)
        record.indices = np.append(record.indices, batch.astype(np.int32))
        record.sizes = np.append(record.sizes, np.int32(len(batch)))
        if perf_counter() - self.saved > _SECONDS_BETWEEN_SAVES:
            self.save()

    def _counts(self, pool: Rows) -> NDArray[np.int32]:
        """Return how many rows of a pool reach each target."""
        task, observed = self.task, self.record.indices
        if len(pool) == len(task.errors) - len(observed):  # all that is left: no need to look it up
            return count(task.errors) - count(task.errors[observed])
        return count(task.errors[task.table.locate(pool)])

    def save(self) -> None:
        """Save the record, whole or not at all."""
        save_arrays(self.path, **vars(self.record), meta=np.array(self.meta))
        self.saved = perf_counter()


def count(errors: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return how many errors reach each of :data:`TARGETS`: M(J_target), eq. 10."""
    return np.searchsorted(np.sort(errors), TARGETS, side="right").astype(np.int32)


def _meta(task: Task, method: Method, run: int) -> dict[str, str | int]:
    """Return what a run depends on; its length is not part of it, so that a run can be made longer."""
    parts = (method.predictor, method.candidates)
    settings = [str(part.get_params() if hasattr(part, "get_params") else part) for part in parts]
    return {
        "run": run,
        "batch_size": method.batch_size,
        "settings": " ".join(settings),
        "columns": f"{task.search_column} {task.report_column}",
        "table": task.fingerprint,
    }
