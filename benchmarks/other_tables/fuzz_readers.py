"""Damaged files for every reader of the package: each is read, or refused by an error that names it.

A small valid file of each kind is changed in up to four places, half of the time under checksums that fit
again, so that the damage reaches what is behind them (``tests/datasets/fuzzing.py``). A finding is any other
exception than a ``DataFileError`` that names file and remedy, a lack of memory (8 GiB), or more than ten
seconds. The inputs of a batch come from its number alone, so that a finding can be made again.
"""

from __future__ import annotations

import resource
import signal
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Experiment, grid

sys.path.append(str(Path(__file__).parents[2] / "tests" / "datasets"))

from fuzzing import READERS, damaged, make_targets, outcome  # noqa: E402

N_INPUTS = 1000
_MAX_MEMORY = 8 << 30
_MAX_SECONDS = 10


class Slow(BaseException):
    """A reader that did not come back."""


def run(batch: int, reader: str) -> dict[str, Any]:
    """Give a reader the damaged files of a batch, and count what becomes of them."""
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    signal.signal(signal.SIGALRM, _stop)
    before, slowest, first = _peak_mb(), 0.0, ""
    counts = Counter[str]()
    with TemporaryDirectory() as folder:
        target = make_targets(Path(folder))[reader]
        path = Path(folder) / "damaged"
        for k in range(N_INPUTS):
            path.write_bytes(damaged(target, np.random.default_rng([batch, k])))
            start = perf_counter()
            signal.alarm(_MAX_SECONDS)
            try:
                what = outcome(target, path)
            except Slow:
                what = "too slow"
            signal.alarm(0)
            slowest = max(slowest, perf_counter() - start)
            counts[what if what in ("read", "refused") else "findings"] += 1
            if what not in ("read", "refused") and not first:
                first = f"input {k}: {what}"
    counted = {name: counts[name] for name in ("read", "refused", "findings")}
    return counted | {"slowest_s": slowest, "memory_mb": _peak_mb() - before, "first_finding": first}


def _stop(*_: Any) -> None:
    raise Slow


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def readers(results: pd.DataFrame) -> pd.DataFrame:
    """Return how many files each reader has read and refused."""
    counts = results.groupby("reader", sort=False)[["read", "refused", "findings"]].sum()
    counts.insert(0, "damaged files", counts.sum(axis=1))
    return pd.concat([counts, counts.sum().to_frame("all").T]).map("{:,}".format).rename_axis("file")


EXPERIMENT = Experiment(
    __file__, tables={"readers": readers}, jobs=grid(batch=range(20), reader=READERS), run=run
)
