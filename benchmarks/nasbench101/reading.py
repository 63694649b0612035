"""Time skpbnas and the obvious pure-Python reader on the same file of NASBench-101.

The pure-Python reader does what ``nasbench/api.py`` does, with json, base64 and struct in place of
TensorFlow and protobuf, and checks nothing. The file is that of ``synthetic.py``: every cell, with made-up
metrics. Each measurement runs in a process of its own; the peak of the memory is that of the process and its
children together, without pages of the file system's cache that are only mapped.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import psutil

from benchmarks.harness import Experiment, data_folder, decimals, grid, significant

from . import synthetic

SETUP = f"""
import sys, time, json, pathlib, resource

def cpu():
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in usage)

sys.path.append({str(Path(__file__).parents[2] / "tests" / "datasets" / "nasbench101")!r})
path = pathlib.Path(sys.argv[1])
"""
PLAIN = (
    SETUP
    + """
from official_format import PlainNASBench
start, before = time.perf_counter(), cpu()
plain = PlainNASBench(path)
print(json.dumps({"seconds": time.perf_counter() - start, "cpu_seconds": cpu() - before}))
"""
)
CONVERT = (
    SETUP
    + """
from skpbnas.datasets.nasbench101._load import convert, store_paths
start, before = time.perf_counter(), cpu()
table, store = convert(path, store_paths(path)[0], n_jobs=int(sys.argv[2]))
seconds = time.perf_counter() - start
from joblib.externals.loky import get_reusable_executor
get_reusable_executor().shutdown(wait=True)  # the time of processes counts once they have ended
print(json.dumps({"seconds": seconds, "cpu_seconds": cpu() - before, "table_mb": store.stat().st_size / 1e6}))
"""
)
REOPEN = (
    SETUP
    + """
import numpy as np
from skpbnas.datasets import load_nasbench101
start, before = time.perf_counter(), cpu()
benchmark = load_nasbench101(path, progress=False)
opened, used = time.perf_counter(), cpu() - before
X = benchmark.X[np.random.default_rng(0).integers(len(benchmark), size=1_000_000)]
before = cpu()
benchmark.query(X, "mean_validation_accuracy")
print(json.dumps({"seconds": opened - start, "cpu_seconds": used, "query_cpu_seconds": cpu() - before}))
"""
)


def private_memory(process: psutil.Process) -> int:
    """Return the bytes of memory that only a process and its children use."""
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_full_info().uss
        except psutil.Error:
            continue
    return total


def measure(code: str, *arguments: str) -> dict[str, float]:
    """Run code in a new process; return the seconds it prints, and its peak of memory in MB."""
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True)
    peak = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.1):
            try:
                peak = max(peak, private_memory(psutil.Process(process.pid)))
            except psutil.Error:
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    done.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"a measurement ended with code {process.returncode}")
    return json.loads(output.splitlines()[-1]) | {"peak_mb": peak / 1e6}


WORK = {
    "plain reader": ("read the file with the plain reader", PLAIN),
    "convert": ("read, check and convert it", CONVERT),
    "open again": ("open the converted table", REOPEN),
}
N_JOBS = 2


def run(repeat: int, work: str) -> dict[str, float | None]:
    """Do one thing with the file, which is written first where it is not there."""
    path = data_folder() / "synthetic_108.tfrecord"
    if not path.exists():
        synthetic.write(path, epochs=[108])
    return {"query_cpu_seconds": None, "table_mb": None, **measure(WORK[work][1], str(path), str(N_JOBS))}


def reading(results: pd.DataFrame) -> pd.DataFrame:
    """Return medians of the CPU seconds, and the largest peak of the memory."""
    groups = results.groupby("work", sort=False)
    medians = groups[["cpu_seconds", "query_cpu_seconds", "table_mb"]].median()
    columns = {
        "CPU seconds": medians["cpu_seconds"].map(significant(2)),
        "Peak of the memory, MB": groups["peak_mb"].max().map(decimals(0)),
        "CPU seconds of a million queries": medians["query_cpu_seconds"].map(decimals(2)),
        "Table, MB": medians["table_mb"].map(decimals(0)),
        "Runs": groups.size(),
    }
    labels = {name: label for name, (label, _) in WORK.items()}
    return pd.DataFrame(columns).rename(labels).rename_axis("Work")


EXPERIMENT = Experiment(
    __file__,
    tables={"reading": reading},
    jobs=grid(repeat=range(1), work=WORK) + grid(repeat=range(1, 3), work=["convert", "open again"]),
    run=run,
    threads=None,
)
