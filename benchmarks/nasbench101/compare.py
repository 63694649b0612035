"""Time skpbnas and the obvious pure-Python reader on the same file, side by side in one run.

The pure-Python reader does what ``nasbench/api.py`` does, with json, base64 and struct in place of
TensorFlow and protobuf, and checks nothing. Each measurement runs in a process of its own; the peak of the
memory is that of the process and its children together, without pages of the file system's cache that are
only mapped.

Needs psutil.

    python benchmarks/nasbench101/compare.py FILE.tfrecord [--repeats 3] [--jobs 2] [--skip-plain]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

SETUP = f"""
import sys, time, json, pathlib
sys.path.append({str(Path(__file__).parents[2] / "tests" / "datasets")!r})
path = pathlib.Path(sys.argv[1])
"""
PLAIN = (
    SETUP
    + """
from official_format import PlainNASBench
start = time.perf_counter()
plain = PlainNASBench(path)
print(json.dumps({"read": time.perf_counter() - start}))
"""
)
CONVERT = (
    SETUP
    + """
from skpbnas.datasets.nasbench101._load import convert, store_paths
start = time.perf_counter()
table, store = convert(path, store_paths(path)[0], n_jobs=int(sys.argv[2]))
print(json.dumps({"convert": time.perf_counter() - start, "store_mb": store.stat().st_size / 1e6}))
"""
)
REOPEN = (
    SETUP
    + """
start = time.perf_counter()
from skpbnas.datasets import load_nasbench101
imported = time.perf_counter()
benchmark = load_nasbench101(path, progress=False)
opened = time.perf_counter()
import numpy as np
X = benchmark.X[np.random.default_rng(0).integers(len(benchmark), size=1_000_000)]
looking = time.perf_counter()
benchmark.query(X, "mean_validation_accuracy")
found = time.perf_counter()
print(json.dumps({"import": imported - start, "reopen": opened - imported, "million_rows": found - looking}))
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


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--skip-plain", action="store_true", help="only skpbnas")
    arguments = parser.parse_args()
    file = str(arguments.file)
    for _ in range(arguments.repeats):
        start = time.strftime("%H:%M:%S")
        if not arguments.skip_plain:
            print(start, "plain  ", _text(measure(PLAIN, file)), flush=True)
        print(start, "convert", _text(measure(CONVERT, file, str(arguments.jobs))), flush=True)
        print(start, "reopen ", _text(measure(REOPEN, file)), flush=True)


def _text(values: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.3f}" for name, value in values.items())


if __name__ == "__main__":
    main()
