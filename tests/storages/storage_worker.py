"""Workers of one study in a shared storage, each a process.

    python tests/storages/storage_worker.py ADDRESS N_WORKERS N_TRIALS HANG_IN

Each of them runs N_TRIALS trials. The first says so in the middle of its trial HANG_IN and waits there to be
killed. At the end their exit codes are printed.
"""

import os
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context

import numpy as np
import optuna
from optuna import storages
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalRedisBackend
from sklearn.linear_model import Ridge

from skpbnas import CellSpace, PBNASSampler

STUDY = "workers"
SPACE = CellSpace(5, ["conv", "pool"])
if hasattr(storages, "RetryHeartbeatStaleTrialCallback"):
    RETRY = {"heartbeat_stale_trial_callback": storages.RetryHeartbeatStaleTrialCallback()}
else:  # their names before Optuna 4.9
    RETRY = {"failed_trial_callback": storages.RetryFailedTrialCallback()}
PATIENCE = (
    600  # seconds after which a silent worker counts as dead; long, because a busy machine silences all
)


def open_storage(address: str, grace_period: int = PATIENCE) -> BaseStorage:
    """Return the storage of an address; a database watches its workers by heartbeat."""
    if address.startswith("redis:"):
        return JournalStorage(JournalRedisBackend(address))
    if address.startswith("grpc:"):
        return storages.GrpcStorageProxy(host="127.0.0.1", port=int(address.removeprefix("grpc:")))
    if address.startswith("journal:"):
        return JournalStorage(JournalFileBackend(address.removeprefix("journal:")))
    return RDBStorage(
        address,
        engine_kwargs={"connect_args": {"timeout": 60}} if address.startswith("sqlite:") else {},
        heartbeat_interval=1,
        grace_period=grace_period,
        **RETRY,
    )


def sampler() -> PBNASSampler:
    """Return the sampler of every worker: the same seed, so that they would like to try the same."""
    return PBNASSampler(SPACE, predictor=Ridge(), seed=0)


def row_of(trial: optuna.Trial) -> np.ndarray:
    """Suggest all parameters of a trial and return the row of its architecture."""
    domains = SPACE.distributions()
    params = {name: trial.suggest_categorical(name, domains[name].choices) for name in domains}
    return SPACE.params_to_row(params)


def objective(trial: optuna.Trial) -> float:
    """Return the number of 'conv' vertices and edges: cheap, but slow enough that workers overlap."""
    row = row_of(trial)
    time.sleep(0.05)
    return float(row.sum())


def hanging(n_trials: int) -> Callable[[optuna.Trial], float]:
    """Return an objective that never returns from its n-th call."""
    calls = iter(range(1, n_trials + 1))

    def call(trial: optuna.Trial) -> float:
        if next(calls) == n_trials:
            row_of(trial)
            if hasattr(trial.storage, "record_heartbeat"):  # Optuna misses only workers that were seen alive
                trial.storage.record_heartbeat(trial._trial_id)
            print("hanging", trial.number, os.getpid(), flush=True)
            time.sleep(600)
        return objective(trial)

    return call


def work(address: str, objective: Callable[[optuna.Trial], float], n_trials: int) -> None:
    """Run trials of the study at an address."""
    study = optuna.load_study(study_name=STUDY, storage=open_storage(address), sampler=sampler())
    study.optimize(objective, n_trials)


def main(address: str, n_workers: int, n_trials: int, hang_in: int) -> None:
    context = get_context("fork")  # what takes most of the time, the imports, is done once
    objectives = [hanging(hang_in)] + [objective] * (n_workers - 1)
    workers = [context.Process(target=work, args=(address, each, n_trials)) for each in objectives]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print("ended", *[worker.exitcode for worker in workers], flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
