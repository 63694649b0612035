"""A worker of a study in a database: it trains what the sampler proposes until there are enough trials."""

import os

import optuna
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.study import MaxTrialsCallback
from optuna.trial import TrialState

from skpbnas import CellSpace, PBNASSampler
from skpbnas.search import current_device

space = CellSpace(6, ["conv", "pool"])


def objective(trial):
    cell = space.suggest(trial)
    print(f"trial {trial.number} on {current_device()}: {cell}", flush=True)
    return -len(cell.operations)  # train it instead


storage = RDBStorage(
    os.environ["STUDY_STORAGE"],
    heartbeat_interval=int(os.environ.get("HEARTBEAT", "60")),  # seconds
    grace_period=3 * int(os.environ.get("HEARTBEAT", "60")),
    heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(),
)
study = optuna.create_study(
    study_name=os.environ.get("STUDY_NAME", "cells"),
    storage=storage,
    direction="maximize",
    sampler=PBNASSampler(space),
    load_if_exists=True,
)
enough = MaxTrialsCallback(int(os.environ["STUDY_TRIALS"]), states=(TrialState.COMPLETE, TrialState.PRUNED))
study.optimize(objective, callbacks=[enough])
