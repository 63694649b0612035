"""Jobs of submitit, on SLURM or on this machine."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic, sleep
from typing import Any

from ._workers import Workers

_PAUSE = 0.2  # seconds between two looks; submitit itself asks SLURM once a minute, and looks for files


class SubmititWorkers(Workers):
    """A job for each evaluation.

    Parameters
    ----------
    n : int
        How many jobs are submitted at the same time; those that wait in the queue included.
    executor : submitit.Executor
    """

    no_timeout = (
        "submitit, whose jobs may wait in a queue; give them update_parameters(timeout_min=...) instead"
    )

    def __init__(self, n: int, executor: Any) -> None:
        super().__init__(n)
        self._executor = executor
        self._jobs: dict[Future, Any] = {}

    def _start(self, call: Callable[[], Any]) -> Future:
        future: Future = Future()
        self._jobs[future] = self._executor.submit(call)
        return future

    def _wait(self, seconds: float | None) -> set[Future]:
        give_up = None if seconds is None else monotonic() + seconds
        while not (done := {future for future, job in self._jobs.items() if job.done()}):
            if give_up is not None and monotonic() >= give_up:
                break
            sleep(_PAUSE)
        for future in done:
            job = self._jobs.pop(future)
            if (error := job.exception()) is None:
                future.set_result(job.result())
            else:
                future.set_exception(error)
        return done

    def _end(self, future: Future) -> None:
        self._jobs.pop(future).cancel(check=False)

    def close(self) -> None:
        """Cancel the jobs that are under way."""
        for job in self._jobs.values():
            job.cancel(check=False)
