"""What a search is of, and how it proceeds: the options that stay the same when it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..candidates import (
    ExhaustiveCandidateSampler,
    MaximumLikelihoodCandidateSampler,
    UniformCandidateSampler,
)
from ..datasets import DigitsObjective, TabularBenchmark, load_digits_cells
from ..predictors import ensemble_predictor, paper_predictor
from ..search import PredictorBasedSearch, default_candidates
from ..spaces import NASBench101Space, SearchSpace
from ._own import is_own, load_function, load_own, load_space, made_by
from ._values import choice, read_values, text, texts, typed, whole

_OWN = "package.module:name"
_BENCHMARKS = {"digits-cells": load_digits_cells}
_SPACES = {"nasbench101": NASBench101Space}
_TRAININGS = {"digits": DigitsObjective}
_POOLS: dict[str, Callable[[SearchSpace, int], Any]] = {
    "evolutionary": lambda space, n: default_candidates(space).set_params(n_candidates=n),
    "uniform": lambda _, n: UniformCandidateSampler(n_candidates=n),
    "ml": lambda _, n: MaximumLikelihoodCandidateSampler(n_candidates=n),
    "exhaustive": lambda _, n: ExhaustiveCandidateSampler(),
}
_PREDICTORS: dict[str, Callable[[], Any]] = {
    "default": lambda: None,
    "ensemble": ensemble_predictor,
    "paper": paper_predictor,
    "random": lambda: "random",
}
_READERS = {
    "benchmark": choice(_BENCHMARKS),
    "table": text,
    "space": choice(_SPACES, is_own, _OWN),
    "train": choice(_TRAININGS),
    "objective": choice((), is_own, _OWN),
    "cost": texts,
    "column": text,
    "pool": choice(_POOLS, is_own, _OWN),
    "n_candidates": whole(1),
    "n_initial": whole(1),
    "batch_size": whole(1),
    "predictor": choice(_PREDICTORS, is_own, _OWN),
    "seed": whole(0),
}
_DEFAULTS = {"pool": "evolutionary", "n_candidates": 1000, "batch_size": 4, "predictor": "default", "seed": 0}
POOLS, PREDICTORS = tuple(_POOLS), tuple(_PREDICTORS)
TASK_OPTIONS = tuple(_READERS)


@dataclass(frozen=True)
class Task:
    """The options of ``skpbnas search`` that tell one search from another, by their names.

    Raises
    ------
    ValueError
        Where options contradict each other.
    """

    benchmark: str | None
    table: str | None
    space: str | None
    train: str | None
    objective: str | None
    cost: tuple[str, ...] | None
    column: str | None
    pool: str
    n_candidates: int
    n_initial: int | None
    batch_size: int
    predictor: str
    seed: int

    def __post_init__(self) -> None:
        has_table = self.benchmark is not None or self.table is not None
        trains = self.train is not None or self.objective is not None
        if (self.benchmark is not None) and (self.table is not None or self.space is not None):
            raise ValueError(
                "--benchmark is a table of a space of its own; give it without --table and --space"
            )
        if not has_table and self.space is None:
            raise ValueError(
                "say what to search: --objective and --space for your own, or --benchmark, or --table, or "
                "--space nasbench101 --train digits"
            )
        if has_table and trains:
            raise ValueError(
                f"{'--train' if self.train else '--objective'} goes with --space alone; a table holds "
                f"architectures that are trained already"
            )
        if not has_table and not trains:
            raise ValueError(
                "--space needs --objective, the function that trains an architecture, or --train digits; or "
                "give --table"
            )
        if self.train is not None and self.objective is not None:
            raise ValueError("give --train or --objective, not both")
        if self.train is not None and self.space not in _SPACES:
            raise ValueError(
                f"--train {self.train} trains the cells of --space nasbench101; give --objective"
            )
        if not has_table and self.column is not None:
            raise ValueError(f"--column {self.column}: there is no table with columns; leave it out")

    def options(self) -> dict[str, str]:
        """Return the options as they are typed, without those that are not given."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return {
            typed(name): " ".join(value) if isinstance(value, tuple) else str(value)
            for name, value in given.items()
        }

    def as_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads, as JSON has it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, options: dict[str, Any]) -> Task:
        """Return the task of options by name; what is None or absent has its default.

        Raises
        ------
        ValueError
            Where a value is not allowed.
        """
        return cls(**read_values(_READERS, options, _DEFAULTS))

    @property
    def score_name(self) -> str:
        """What the score is called."""
        return self.column or "score"

    def load(self) -> TabularBenchmark | None:
        """Return the table to search; None where architectures are to be trained."""
        if self.benchmark is not None:
            return _BENCHMARKS[self.benchmark]()
        if self.table is None:
            return None
        if is_own(self.table) and not Path(self.table).exists():
            table = made_by("--table", self.table)
            if not isinstance(table, TabularBenchmark):
                raise ValueError(f"--table {self.table}: a {type(table).__name__} is no TabularBenchmark")
            return table
        return TabularBenchmark.from_npz(self.table, None if self.space is None else self.search_space())

    def search_space(self) -> SearchSpace:
        """Return the space."""
        if self.space is not None:
            return _SPACES[self.space]() if self.space in _SPACES else load_space(self.space)
        table = self.load() if self.table is None or is_own(self.table) else None
        return NASBench101Space() if table is None else table.space

    def evaluation(self, source: TabularBenchmark | None) -> Callable[[Any], Any]:
        """Return what evaluates an architecture."""
        if self.objective is not None:
            return load_function("--objective", self.objective, "seed")
        if source is None:
            assert self.train is not None
            return _TRAININGS[self.train]()
        if self.column is None:
            raise ValueError(f"give --column, the column to search on; the table has {list(source.columns)}")
        return source.objective(self.column)

    def search(self) -> PredictorBasedSearch:
        """Return the search, which has evaluated nothing."""
        space = self.search_space()
        pool, predictor = _POOLS.get(self.pool), _PREDICTORS.get(self.predictor)
        costs = {name.rpartition(":")[2]: load_own("--cost", name) for name in self.cost or ()}
        return PredictorBasedSearch(
            space,
            predictor=predictor() if predictor else made_by("--predictor", self.predictor),
            candidates=pool(space, self.n_candidates) if pool else made_by("--pool", self.pool),
            n_initial=self.n_initial,
            batch_size=self.batch_size,
            random_state=self.seed,
            costs=costs or None,
        )
