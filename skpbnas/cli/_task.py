"""What a search is of, and how it proceeds: the options that stay the same when it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from ..candidates import (
    EvolutionaryCandidateSampler,
    ExhaustiveCandidateSampler,
    MaximumLikelihoodCandidateSampler,
    UniformCandidateSampler,
)
from ..datasets import DigitsObjective, TabularBenchmark, load_digits_cells
from ..predictors import paper_predictor
from ..search import PredictorBasedSearch
from ..spaces import NASBench101Space, SearchSpace


class Pool(StrEnum):
    """The kinds of pools."""

    evolutionary = "evolutionary"
    uniform = "uniform"
    ml = "ml"
    exhaustive = "exhaustive"


class Predictor(StrEnum):
    """The kinds of predictors."""

    default = "default"
    paper = "paper"
    random = "random"


class Benchmark(StrEnum):
    """The bundled tables."""

    digits_cells = "digits-cells"


class Space(StrEnum):
    """The spaces that need no table."""

    nasbench101 = "nasbench101"


class Training(StrEnum):
    """The data that cells can be trained on."""

    digits = "digits"


_POOLS = {
    Pool.evolutionary: EvolutionaryCandidateSampler,
    Pool.uniform: UniformCandidateSampler,
    Pool.ml: MaximumLikelihoodCandidateSampler,
}
_TYPES: dict[str, Callable[[Any], Any]] = {
    "benchmark": Benchmark,
    "table": Path,
    "space": Space,
    "train": Training,
    "column": str,
    "pool": Pool,
    "n_candidates": int,
    "batch_size": int,
    "predictor": Predictor,
    "seed": int,
}


@dataclass(frozen=True)
class Task:
    """The options of ``skpbnas search`` by their names.

    Raises
    ------
    ValueError
        Where options contradict each other.
    """

    benchmark: Benchmark | None
    table: Path | None
    space: Space | None
    train: Training | None
    column: str | None
    pool: Pool
    n_candidates: int
    batch_size: int
    predictor: Predictor
    seed: int

    def __post_init__(self) -> None:
        if (self.benchmark is not None) + (self.table is not None) + (self.space is not None) != 1:
            raise ValueError("give one of --benchmark, --table, or --space with --train")
        if self.space is not None and self.train is None:
            raise ValueError("--space needs --train, the data to train each cell on; or give --table")
        if self.space is None and self.train is not None:
            raise ValueError("--train goes with --space; a table holds cells that are trained already")
        if self.space is not None and self.column is not None:
            raise ValueError(f"--column {self.column}: there is no table with columns; leave it out")

    def options(self) -> dict[str, str]:
        """Return the options as they are typed, without those that are not given."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return {f"--{name.replace('_', '-')}": str(value) for name, value in given.items()}

    def as_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads, as JSON has it."""
        return {
            name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Task:
        """Return the task of a dictionary.

        Raises
        ------
        ValueError, TypeError, KeyError
            Where it does not hold one.
        """
        given: dict[str, Any] = {
            name: None if values[name] is None else convert(values[name]) for name, convert in _TYPES.items()
        }
        return cls(**given)

    def load(self) -> TabularBenchmark | None:
        """Return the table to search; None where cells are to be trained."""
        if self.benchmark is not None:
            return load_digits_cells()
        return None if self.table is None else TabularBenchmark.from_npz(self.table)

    def search_space(self) -> SearchSpace:
        """Return the space; a table is not read."""
        return NASBench101Space() if self.benchmark is None else load_digits_cells().space

    def objective(self, source: TabularBenchmark | None) -> Callable[[Any], Any]:
        """Return the objective."""
        if source is None:
            return DigitsObjective()
        if self.column is None:
            raise ValueError(f"give --column, the column to search on; the table has {list(source.columns)}")
        return source.objective(self.column)

    def search(self) -> PredictorBasedSearch:
        """Return the search, which has evaluated nothing."""
        candidates: Any = ExhaustiveCandidateSampler()
        if self.pool is not Pool.exhaustive:
            candidates = _POOLS[self.pool](n_candidates=self.n_candidates)
        return PredictorBasedSearch(
            self.search_space(),
            predictor={"default": None, "paper": paper_predictor(), "random": "random"}[self.predictor],
            candidates=candidates,
            batch_size=self.batch_size,
            random_state=self.seed,
        )
