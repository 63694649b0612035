"""What it takes a PostgreSQL server and its client to read a study in which many trials run.

A study of cells of NASBench-101, with 26 parameters and the note of the sampler in each trial. Optuna's
client keeps finished trials and reads all that run anew. Seconds are CPU seconds of a read, means of 20.
"""

from __future__ import annotations

import json
from time import process_time, sleep
from typing import Any

import optuna
import pandas as pd
import psutil
from optuna.trial import TrialState, create_trial

from benchmarks.harness import Experiment, decimals
from skpbnas.sampler._notes import to_note
from skpbnas.spaces import NASBench101Space

RUNNING, READS = (16, 64), 20


def run(running: int) -> dict[str, Any]:
    """Fill a study with running trials, and read it."""
    from sqlalchemy import text

    from tests.storages.storage_servers import postgresql

    space = NASBench101Space()
    domains = space.distributions()
    with postgresql() as url:
        study = optuna.create_study(storage=_reached(url))
        for row in space.sample(running, 0):
            params = space.row_to_params(row)
            note = {"pbnas:params:0": json.dumps(to_note(params, domains))}
            study.add_trial(
                create_trial(
                    state=TrialState.RUNNING, params=params, distributions=domains, system_attrs=note
                )
            )
        server, client = _cpu_of_server(url), process_time()
        for _ in range(READS):
            study._storage.get_all_trials(study._study_id, deepcopy=False)
        client, server = process_time() - client, _cpu_of_server(url) - server
        with study._storage._backend.engine.connect() as connection:
            size = connection.execute(text("select pg_database_size(current_database())")).scalar()
            empty = connection.execute(text("select pg_database_size('template0')")).scalar()
    return {
        "client_seconds": client / READS,
        "server_seconds": server / READS,
        "bytes": size - empty,
    }


def _cpu_of_server(url: str) -> float:
    """Return the CPU seconds of the server on a port, and of its processes for connections."""
    port = url.rpartition(":")[2].partition("/")[0]
    for process in psutil.process_iter():
        if process.name() == "postgres" and port in process.cmdline():
            times = [one.cpu_times() for one in (process, *process.children())]
            return sum(time.user + time.system for time in times)
    raise RuntimeError(f"no server listens at {url}")


def _reached(url: str) -> str:
    """Wait until the server that has started takes connections."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import OperationalError

    for _ in range(300):
        try:
            create_engine(url).connect().close()
            break
        except OperationalError:
            sleep(0.2)
    return url


def table(results: pd.DataFrame) -> pd.DataFrame:
    """Return milliseconds and kilobytes."""
    lines = results.set_index("running")
    columns = {
        "Client, ms a read": (1000 * lines["client_seconds"]).map(decimals(0)),
        "Server, ms a read": (1000 * lines["server_seconds"]).map(decimals(0)),
        "Database, MB": (lines["bytes"] / 1e6).map(decimals(1)),
    }
    return pd.DataFrame(columns).rename_axis("Running trials")


EXPERIMENT = Experiment(__file__, tables={"storage": table}, jobs=[{"running": n} for n in RUNNING], run=run)
