"""What was tried to rank better, one idea per file: functions from a seed to an estimator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import (
    averaging,
    descriptors,
    features,
    kernels,
    losses,
    messages,
    mixtures,
    networks,
    pretraining,
    tables,
)

PARTS = (
    *(kernels, descriptors, tables, mixtures),
    *(networks, losses, messages, features, pretraining, averaging),
)
VARIANTS: dict[str, Callable[[int], Any]] = {
    name: make for part in PARTS for name, make in part.VARIANTS.items()
}
