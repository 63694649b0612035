"""Workers in four processes on one study, in every storage that Optuna shares between processes."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import optuna
import pytest
import storage_servers
from optuna.trial import TrialState
from storage_worker import RETRY, SPACE, STUDY, objective, open_storage, sampler

WORKER = Path(__file__).with_name("storage_worker.py")
N_WORKERS = 4
N_TRIALS = 12  # of each worker
HANGS_IN = 4  # the trial in which one of them is killed
DRIVERS = {"postgresql": "psycopg2", "redis": "redis"}
pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


@pytest.fixture(params=["sqlite", "journal", "postgresql", "redis", "grpc"])
def address(request, tmp_path):
    """The address of an empty storage."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/study.db"
    elif request.param == "journal":
        yield f"journal:{tmp_path}/study.log"
    else:
        if driver := DRIVERS.get(request.param):
            pytest.importorskip(driver, reason=f"{driver} is not installed")
        try:
            with getattr(storage_servers, request.param)() as url:
                yield url
        except storage_servers.ServerMissing as reason:
            pytest.skip(str(reason))


def run_workers(address: str) -> int:
    """Let four processes work, one of which is killed in the middle of a trial; return the trial's number."""
    command = [sys.executable, str(WORKER), address, *map(str, (N_WORKERS, N_TRIALS, HANGS_IN))]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    killed = -1
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as workers:
        for line in workers.stdout:
            word, *numbers = line.split()
            if word == "hanging":
                killed, process = map(int, numbers)
                os.kill(process, signal.SIGKILL)
    assert line.split() == ["ended", str(-signal.SIGKILL), *["0"] * (N_WORKERS - 1)]
    return killed


def architectures(trials: list[optuna.trial.FrozenTrial]) -> np.ndarray:
    """Return the keys of the trials' architectures, equal for isomorphic ones."""
    X = np.stack([SPACE.params_to_row(trial.params) for trial in trials])
    assert SPACE.is_valid(X).all()
    return SPACE.canonical_key(X)


@pytest.mark.slow
def test_four_workers_one_of_them_killed(address):
    """No architecture is tried twice, no trial is lost, and the killed one is retried where that exists."""
    optuna.create_study(study_name=STUDY, storage=open_storage(address), direction="maximize")
    killed = run_workers(address)
    time.sleep(3)
    # A worker that comes later, when nobody else is alive, finds what the dead one left.
    storage = open_storage(address, grace_period=1)
    study = optuna.load_study(study_name=STUDY, storage=storage, sampler=sampler())
    study.optimize(objective, n_trials=1)

    trials = study.get_trials()
    states = Counter(trial.state for trial in trials)
    n_complete = N_TRIALS * (N_WORKERS - 1) + HANGS_IN - 1 + 1
    assert [trial.number for trial in trials] == list(range(len(trials)))
    assert states[TrialState.COMPLETE] == n_complete
    (retry,) = RETRY.values()
    retries = [trial for trial in trials if retry.retried_trial_number(trial) == killed]
    if address.startswith(("sqlite", "postgresql")):
        assert states == {TrialState.COMPLETE: n_complete, TrialState.FAIL: 1}
        assert trials[killed].state == TrialState.FAIL
        assert [trial.params for trial in retries] == [trials[killed].params]
        assert retries[0].state == TrialState.COMPLETE
    else:  # journals and proxies know no heartbeat: the trial stays pending, its architecture taken
        assert states == {TrialState.COMPLETE: n_complete, TrialState.RUNNING: 1}
        assert trials[killed].state == TrialState.RUNNING
    keys = architectures([trial for trial in trials if trial not in retries])
    assert len(set(keys)) == len(keys)


def proxy(address: str) -> optuna.storages.BaseStorage:
    """Return the storage of a proxy that may still be about to listen."""
    storage = open_storage(address)
    storage.wait_server_ready(timeout=60)
    return storage


@pytest.fixture
def start_proxy(tmp_path):
    """What starts a gRPC proxy of one database, on one port, again and again."""
    port = storage_servers.free_port()
    try:
        storage_servers.require_grpc()
    except storage_servers.ServerMissing as reason:
        pytest.skip(str(reason))
    return lambda: storage_servers.grpc(tmp_path, port)


@pytest.mark.slow
def test_studies_of_one_proxy_share_a_sampler(start_proxy):
    """Each study is searched as it would be alone."""
    with start_proxy() as address:
        storage, shared = proxy(address), sampler()
        first, second = [
            optuna.create_study(study_name=name, storage=storage, direction=direction, sampler=shared)
            for name, direction in (("first", "maximize"), ("second", "minimize"))
        ]
        for _ in range(3):
            first.optimize(objective, n_trials=4)
            second.optimize(objective, n_trials=4)
        together = [[trial.params for trial in study.trials] for study in (first, second)]
        storage.close()
    for direction, params in zip(("maximize", "minimize"), together, strict=True):
        alone = optuna.create_study(direction=direction, sampler=sampler())
        alone.optimize(objective, n_trials=12)
        assert [trial.params for trial in alone.trials] == params


@pytest.mark.slow
def test_a_proxy_that_goes_away_is_told_and_the_study_goes_on_when_it_is_back(start_proxy):
    import grpc

    with start_proxy() as address:
        storage = proxy(address)
        study = optuna.create_study(
            study_name=STUDY, storage=storage, direction="maximize", sampler=sampler()
        )
        study.optimize(objective, n_trials=6)
        asked = study.ask()
    with pytest.raises(grpc.RpcError):
        study.optimize(objective, n_trials=1)
    with start_proxy() as address:
        storage.wait_server_ready(timeout=60)
        study.tell(asked, objective(asked))
        study.optimize(objective, n_trials=6)
        assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 13
        assert len(set(architectures(study.trials))) == 13
        storage.close()
