"""Extra columns and earlier tasks that cannot be meant are refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def check_extra(X: ArrayLike, names: Sequence[str] | None) -> None:
    """Refuse a name that is given twice, and extra columns with NaN."""
    extra = [str(name) for name in names or ()]
    if twice := sorted({name for name in extra if extra.count(name) > 1}):
        raise ValueError(f"extra={extra} has {twice[0]!r} twice; give each column a name of its own")
    columns = np.asarray(X)
    if not extra or columns.ndim != 2 or columns.dtype.kind != "f":
        return  # what is wrong with the rows is found by scikit-learn
    wrong = np.isnan(columns[:, -len(extra) :])
    if wrong.any():
        row, place = np.argwhere(wrong)[0]
        raise ValueError(
            f"the extra column {extra[place]!r} is NaN in row {row}; leave out rows for which it is not known"
        )


def as_task(k: int, task: Any) -> tuple[Any, Any]:
    """Return the rows and the scores that an entry of ``prior`` holds."""
    if not isinstance(task, tuple | list) or len(task) != 2:
        kind = f"{type(task).__name__} of {len(task)}" if hasattr(task, "__len__") else repr(task)
        raise TypeError(f"prior[{k}] is {kind}, where a pair belongs; give prior=[(rows, scores), ...]")
    return task[0], task[1]


def as_scores(k: int, y: ArrayLike) -> NDArray[np.float64]:
    """Return the scores of an entry of ``prior`` as numbers."""
    try:
        return np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"prior[{k}] has scores that are no numbers ({error}); give one for each row"
        ) from None
