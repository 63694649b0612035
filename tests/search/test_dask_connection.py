"""The connection to a Dask cluster is lost: with a client that does what Dask's does then."""

from collections.abc import Callable
from functools import partial

import pytest

from skpbnas.search._dask import DaskWorkers


class Remote:
    """A future of Dask."""

    def __init__(self, call: Callable):
        self.call, self.callbacks, self.is_cancelled = call, [], False

    def add_done_callback(self, callback):
        self.callbacks.append(callback)

    def cancelled(self):
        return self.is_cancelled

    def exception(self):
        return None

    def result(self):
        return self.call()

    def cancel(self):
        raise RuntimeError("the client is closed")

    def end(self, cancelled: bool = False):
        self.is_cancelled = cancelled
        for callback in self.callbacks:
            callback(self)


class Client:
    def __init__(self):
        self.status, self.submitted = "running", []

    def submit(self, call, pure):
        self.submitted.append(Remote(call))
        return self.submitted[-1]


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def workers(client) -> DaskWorkers:
    workers = DaskWorkers(2, client)
    for task in range(2):
        workers.submit(task, partial(int, task))
    return workers


def results(workers: DaskWorkers) -> dict:
    return {task: future.result() for task, future in workers.finished(1)}


def test_a_client_that_is_back_is_given_the_tasks_again(client, workers):
    for remote in client.submitted[:]:
        remote.end(cancelled=True)
    assert results(workers) == {} and len(workers) == 2
    for remote in client.submitted[2:]:
        remote.end()
    assert results(workers) == {0: 0, 1: 1} and len(workers) == 0


def test_a_result_that_cannot_be_fetched_is_computed_again(client, workers):
    def fails():
        raise OSError("stream is closed")

    client.submitted[0].result = fails
    for remote in client.submitted[:]:
        remote.end()
    assert results(workers) == {1: 1}
    assert results(workers) == {}
    client.submitted[2].end()
    assert results(workers) == {0: 0}


def test_what_has_ended_is_told_before_the_error(client, workers):
    client.status = "closed"
    client.submitted[0].end()
    client.submitted[1].end(cancelled=True)
    with pytest.raises(RuntimeError, match="Dask is lost. What was under way has not failed"), workers:
        assert results(workers) == {0: 0}
        results(workers)
