"""Workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any

from ._workers import Workers


class DaskWorkers(Workers):
    """Workers of a Dask cluster. Dask itself moves the tasks of one that dies, some times.

    Parameters
    ----------
    n : int
    client : distributed.Client
    **options : Any
        Of ``client.submit``, such as ``resources``.
    """

    is_pool = True

    def __init__(self, n: int, client: Any, **options: Any) -> None:
        super().__init__(n)
        self._client = client
        self._options = {"pure": False} | options
        self._remote: dict[Future, Any] = {}

    def _start(self, call: Callable[[], Any]) -> Future:
        remote = self._client.submit(call, **self._options)
        future: Future = Future()
        self._remote[future] = remote

        def hand_over(remote: Any) -> None:
            if future.cancelled() or future.done():
                return
            error = CancelledError() if remote.cancelled() else remote.exception()
            if error is None:
                future.set_result(remote.result())
            else:
                future.set_exception(error)

        remote.add_done_callback(hand_over)
        return future

    def _wait(self, seconds: float | None) -> set[Future]:
        done = super()._wait(seconds)
        for future in done:
            self._remote.pop(future)
        return done

    def _end(self, future: Future) -> None:
        remote = self._remote.pop(future)
        workers = [
            worker
            for worker, keys in self._client.processing().items()
            if remote.key in {getattr(key, "key", key) for key in keys}
        ]
        remote.cancel()
        if workers:  # nothing else stops a task that runs
            self._client.restart_workers(workers)

    def close(self) -> None:
        """Cancel what is under way; the cluster stays."""
        for remote in self._remote.values():
            remote.cancel()
