"""Ray as an executor of concurrent.futures, which it does not bring itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, InvalidStateError
from concurrent.futures import wait as wait_for
from contextlib import suppress
from threading import Thread
from time import monotonic
from typing import Any


class RayExecutor(Executor):
    """Tasks of a Ray cluster as an executor, for ``run(..., executor=)``.

    Without ``ray.init`` before, Ray starts on this machine, or connects to the cluster that it finds.

    Parameters
    ----------
    **options : Any
        What ``ray.remote`` takes for a task: ``num_gpus=1`` gives each training a GPU of its own, ``.5`` half
        a one; ``num_cpus`` is 1 by default. ``max_retries`` is 0 by default, and not Ray's 3, as the search
        itself evaluates again what was lost with a worker.

    Raises
    ------
    ImportError
        Where Ray is not installed.

    Examples
    --------
    >>> import ray  # doctest: +SKIP
    >>> ray.init("auto")  # doctest: +SKIP
    >>> search.run(accuracy, 200, executor=RayExecutor(num_gpus=1), asynchronous=True)  # doctest: +SKIP
    """

    ends_tasks = True

    def __init__(self, **options: Any) -> None:
        try:
            import ray
        except ImportError as error:
            raise ImportError("RayExecutor needs Ray: pip install 'skpbnas[ray]'") from error
        self._ray = ray
        self._options = {"num_cpus": 1, "max_retries": 0} | options
        self._remote = ray.remote(num_returns="streaming", **self._options)(_make)
        self._under_way: set[RayFuture] = set()
        self._shutdown = False

    @property
    def _max_workers(self) -> int:
        """How many tasks the cluster has room for now."""
        if not self._ray.is_initialized():
            self._ray.init()
        needs = {"CPU": self._options["num_cpus"], "GPU": self._options.get("num_gpus")}
        needs |= self._options.get("resources") or {}
        has = self._ray.cluster_resources()
        return min(int(has.get(name, 0) / amount) for name, amount in needs.items() if amount)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> RayFuture:
        """Start a task.

        Parameters
        ----------
        fn : callable
        *args, **kwargs : Any
            Its arguments.

        Returns
        -------
        RayFuture
        """
        if self._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future = RayFuture(self._ray, self._remote.remote(fn, args, kwargs))
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks; Ray goes on.

        Parameters
        ----------
        wait : bool, default=True
            Whether to wait until all tasks have ended.
        cancel_futures : bool, default=False
            Whether to end those that are under way.
        """
        self._shutdown = True
        under_way = list(self._under_way)
        if cancel_futures:
            for future in under_way:
                future.cancel()
        if wait:
            wait_for(under_way)


class RayFuture(Future):
    """The result of a task of Ray.

    Attributes
    ----------
    begun : float or None
        The time, of ``time.monotonic``, at which a worker took the task; before, it waits for a place.
    """

    def __init__(self, ray: Any, stream: Any) -> None:
        super().__init__()
        self.begun: float | None = None
        self._ray = ray
        self._stream = stream
        Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        try:
            self._ray.get(next(self._stream))
            self.begun = monotonic()
            result = self._ray.get(next(self._stream))
        except BaseException as error:
            with suppress(InvalidStateError):  # it was cancelled
                self.set_exception(error)
        else:
            with suppress(InvalidStateError):
                self.set_result(result)

    def cancel(self) -> bool:
        """End the task, also where it runs; its worker ends with it."""
        with suppress(InvalidStateError):
            self.set_exception(CancelledError())
            self._ray.cancel(self._stream, force=True)
            return True
        return False


def _make(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Any]:
    yield None  # it has begun
    yield fn(*args, **kwargs)
