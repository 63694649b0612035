"""NAS-Bench-Macro as a table."""

from __future__ import annotations

import json
import os

import numpy as np

from ..spaces import ChainSpace
from ._errors import refusing_damage
from ._tabular import TabularBenchmark

_BLOCKS = ("identity", "mb3_k3", "mb6_k5")  # as 0, 1, 2 in the file
_N_LAYERS = 8
_MAX_BYTES = 1 << 24  # the official file has about 1 MB
_PROBLEM = "not a table of NAS-Bench-Macro"
_REMEDY = "give nas-bench-macro_cifar10.json of its repository"


def load_nasbench_macro(path: str | os.PathLike[str]) -> TabularBenchmark:
    """Load the 6,561 chains of eight blocks of NAS-Bench-Macro, each trained three times on CIFAR-10.

    Parameters
    ----------
    path : path
        The official ``nas-bench-macro_cifar10.json``, or a part of it.

    Returns
    -------
    TabularBenchmark
        Of a :class:`~skpbnas.spaces.ChainSpace` of eight layers with the choices ``"identity"``,
        ``"mb3_k3"`` (an inverted residual block of expansion 3 and kernel 3) and ``"mb6_k5"``. Columns:
        ``test_accuracy``, the mean, and ``test_accuracy_0``, ``_1`` and ``_2`` of the three trainings
        (percent), ``parameters`` and ``flops``.

    Raises
    ------
    OSError
        Where the file cannot be opened.
    DataFileError
        Where it is no such table, or damaged.

    References
    ----------
    Su et al., "Prioritized Architecture Sampling with Monto-Carlo Tree Search", CVPR 2021.
    """
    with open(path, "rb") as file, refusing_damage(path, _PROBLEM, _REMEDY):
        content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise ValueError(f"it has more than {_MAX_BYTES} bytes")
        table = json.loads(content)
        for name in table:
            if len(name) != _N_LAYERS or name.strip("012"):
                raise ValueError(f"{name[:40]!r} is not eight digits from 0 to 2")
        entries = list(table.values())
        accuracy = np.array([[float(run) for run in entry["test_acc"]] for entry in entries])  # (n, 3)
        if accuracy.shape != (len(table), 3) or not np.isfinite(accuracy).all():
            raise ValueError("test_acc is not three numbers for each chain")
        space = ChainSpace([_BLOCKS] * _N_LAYERS)
        return TabularBenchmark(
            space,
            space.encode([[_BLOCKS[int(digit)] for digit in name] for name in table]),
            {
                "test_accuracy": accuracy.mean(axis=1),
                **{f"test_accuracy_{k}": accuracy[:, k] for k in range(3)},
                "parameters": np.array([int(entry["params"]) for entry in entries], np.int64),
                "flops": np.array([int(entry["flops"]) for entry in entries], np.int64),
            },
        )
