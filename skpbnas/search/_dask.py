"""Workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic, sleep
from typing import Any

from ._workers import Started, Workers


class _ConnectionLost(Exception):
    """Dask has cancelled a task that nobody asked it to cancel."""


class DaskWorkers(Workers):
    """Workers of a Dask cluster. Dask itself moves the tasks of one that dies, some times.

    When the connection to the scheduler is lost, Dask cancels all tasks. No evaluation is to blame for that:
    they are given to the cluster again where the client is back in time.

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
        self._calls: dict[Future, Callable[[], Any]] = {}

    def _start(self, call: Callable[[], Any]) -> Future:
        remote = self._client.submit(call, **self._options)
        future: Future = Future()
        self._remote[future], self._calls[future] = remote, call

        def hand_over(remote: Any) -> None:
            if future.cancelled() or future.done():
                return
            try:
                error = _ConnectionLost() if remote.cancelled() else remote.exception()
                result = None if error else remote.result()
            except Exception:  # it has ended, and what it returned could not be fetched
                error = _ConnectionLost()
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        remote.add_done_callback(hand_over)
        return future

    def _wait(self, seconds: float | None) -> set[Future]:
        done = super()._wait(seconds)
        lost = {future for future in done if isinstance(future.exception(), _ConnectionLost)}
        if lost == done:  # else the others are told first
            for future in lost:
                self._start_again(future)
        for future in done - lost:
            del self._remote[future], self._calls[future]
        return done - lost

    def _start_again(self, future: Future) -> None:
        while self._client.status == "connecting":  # until it gives up
            sleep(0.05)
        if self._client.status != "running":
            raise RuntimeError(
                "the connection to the scheduler of Dask is lost. What was under way has not failed: run "
                "again with a client that is connected, and it is evaluated first"
            )
        task, _ = self._under_way.pop(future)
        del self._remote[future]
        self._under_way[self._start(self._calls.pop(future))] = Started(task, monotonic())

    def _end(self, future: Future) -> None:
        remote = self._remote.pop(future)
        del self._calls[future]
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
        for remote in self._remote.values() if self._client.status == "running" else ():
            remote.cancel()
