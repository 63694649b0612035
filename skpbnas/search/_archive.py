"""What a search has asked for and been told: kept in the order of asking, saved to one file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .._files import save_arrays
from ..spaces import Rows, SearchSpace

PENDING, DONE, FAILED = 0, 1, 2
_FORMAT = 1
# One record per architecture; NaN where a value is not known.
_RECORD = np.dtype(
    [
        ("status", np.uint8),
        ("iteration", np.int64),
        ("score", np.float64),
        ("predicted_score", np.float64),
        ("pool_size", np.int64),
        ("proposal_seconds", np.float64),
        ("evaluation_seconds", np.float64),
    ]
)


class CheckpointError(ValueError):
    """A checkpoint that cannot be read, or that belongs to another search."""


class Archive:
    """The architectures of a search, one record each, in the order in which they were asked for.

    The order does not depend on which evaluation finishes first, so that parallel searches repeat.
    """

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self.rows: Rows = np.empty((0, space.n_features), np.uint8)
        self.keys: NDArray[np.uint64] = np.empty(0, np.uint64)
        self.records = np.empty(0, _RECORD)

    def __len__(self) -> int:
        return len(self.records)

    @property
    def n_told(self) -> int:
        """Number of evaluations paid for: finished and failed ones."""
        return int(np.count_nonzero(self.records["status"] != PENDING))

    @property
    def last_iteration(self) -> int:
        """The iteration of the latest proposal; -1 before any."""
        return int(self.records["iteration"].max()) if len(self) else -1

    @property
    def best_score(self) -> float:
        """The highest score of a finished evaluation; -inf before any."""
        return float(self.records["score"][self.records["status"] == DONE].max(initial=-np.inf))

    def where(self, status: int) -> Rows:
        """Return the rows of one status."""
        return self.rows[self.records["status"] == status]

    def observed(self) -> tuple[Rows, NDArray[np.float64]]:
        """Return the rows and scores of the finished evaluations."""
        return self.where(DONE), self.records["score"][self.records["status"] == DONE]

    def add(self, rows: Rows, **values: Any) -> None:
        """Append pending architectures, with the values of their records."""
        new = np.zeros(len(rows), _RECORD)
        for name in ("score", "predicted_score", "evaluation_seconds"):
            new[name] = np.nan
        for name, value in values.items():
            new[name] = value
        self.rows = np.concatenate([self.rows, rows])
        self.keys = np.concatenate([self.keys, self.space.canonical_key(rows)])
        self.records = np.concatenate([self.records, new])

    def record(self, rows: Rows, scores: NDArray[np.float64], seconds: NDArray[np.float64]) -> None:
        """Store scores; rows that nobody asked for are added first. A score that is not finite has failed."""
        keys = self.space.canonical_key(rows)
        for k in range(len(rows)):
            index = self._pending_index(keys[k])
            if index is None:
                self.add(rows[k : k + 1], iteration=max(self.last_iteration, 0))
                index = len(self) - 1
            record = self.records[index : index + 1]
            record["score"] = scores[k]
            record["status"] = DONE if np.isfinite(scores[k]) else FAILED
            record["evaluation_seconds"] = seconds[k]

    def _pending_index(self, key: np.uint64) -> int | None:
        waiting = np.flatnonzero((self.keys == key) & (self.records["status"] == PENDING))
        return int(waiting[0]) if len(waiting) else None

    def to_frame(self) -> pd.DataFrame:
        """Return one line per finished or failed evaluation; ``evaluation`` counts them from 1."""
        told = self.records[self.records["status"] != PENDING]
        frame = pd.DataFrame({name: told[name] for name in _RECORD.names or () if name != "status"})
        frame.insert(0, "evaluation", np.arange(1, len(told) + 1))
        frame.insert(4, "best_score", frame["score"].where(told["status"] == DONE).cummax().ffill())
        return frame

    # ------------------------------------------------------------------------------------ one file

    def save(self, path: str | os.PathLike[str], seed: int) -> None:
        """Write everything to ``path`` (NumPy's npz) in one step, so that no half file is ever left."""
        meta = json.dumps({"format": _FORMAT, "space": repr(self.space), "seed": seed})
        save_arrays(Path(path), rows=self.rows, records=self.records, meta=np.array(meta))

    @classmethod
    def load(cls, path: str | os.PathLike[str], space: SearchSpace, seed: int | None) -> tuple[Archive, int]:
        """Read a saved archive and its seed; the space and a given seed must be those it was saved with."""
        try:
            with np.load(path, allow_pickle=False) as file:
                rows, records, meta = file["rows"], file["records"], json.loads(str(file["meta"]))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise CheckpointError(
                f"checkpoint={str(path)!r} is not a checkpoint of a search ({error}); give another path"
            ) from error
        if meta["format"] != _FORMAT or meta["space"] != repr(space):
            raise CheckpointError(
                f"checkpoint={str(path)!r} belongs to a search of {meta['space']} (format {meta['format']}), "
                f"not of {space!r} (format {_FORMAT}); give another path"
            )
        if seed is not None and seed != meta["seed"]:
            raise CheckpointError(
                f"checkpoint={str(path)!r} belongs to a search with random_state={meta['seed']}, not {seed}; "
                f"give that number, None to continue it, or another path"
            )
        archive = cls(space)
        archive.rows, archive.records = rows, records
        archive.keys = space.canonical_key(rows)
        return archive, int(meta["seed"])
