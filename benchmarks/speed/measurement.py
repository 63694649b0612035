"""Timing, the machine's limits, and the record of a measurement."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch


@dataclass
class Measurement:
    """One line of the results.

    ``reference_seconds`` is for the same work, measured in the same run; ``limit_seconds`` is what the work
    would take at the machine's limit, where that is known.
    """

    what: str
    size: str
    goal: str
    seconds: float
    work: float
    unit: str
    reference: str = ""
    reference_seconds: float | None = None
    limit_seconds: float | None = None
    note: str = ""


@dataclass
class Machine:
    """What bounds every computation here: products of matrices, and bytes moved."""

    gflops: float
    gigabytes: float

    @classmethod
    @cache
    def measure(cls) -> Machine:
        """Time a product of large matrices and a copy."""
        A = torch.randn(2048, 2048)
        bytes_in = np.ones(2**25)
        product = best(lambda: A @ A, 5)
        copy = best(bytes_in.copy, 5)
        return cls(2 * 2048**3 / product / 1e9, 2 * bytes_in.nbytes / copy / 1e9)

    def describe(self) -> dict[str, Any]:
        """Return the limits and the versions."""
        return {
            "gflops": round(self.gflops, 1),
            "gigabytes_per_second": round(self.gigabytes, 1),
            "threads": torch.get_num_threads(),
            "processor": platform.processor() or platform.machine(),
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        }


def best(work: Callable[[], Any], n_times: int = 3) -> float:
    """Return the shortest of several times: other work on the machine can only add to it."""
    times = []
    for _ in range(n_times):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return min(times)


def interleaved(n_times: int, *works: Callable[[], Any]) -> list[float]:
    """Return the shortest time of each of several works that take turns."""
    times = [[best(work, 1) for work in works] for _ in range(n_times)]
    return [min(column) for column in zip(*times, strict=True)]


def peak_gigabytes() -> float:
    """Return the largest resident memory of this process so far (Linux).

    ``getrusage`` would count that of the process which started this one, too.
    """
    status = Path("/proc/self/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes) * 1024 / 1e9
