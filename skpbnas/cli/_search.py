"""``skpbnas search``: search a table, or train architectures as the search asks for them."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

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
from ._output import print_best, save_results


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


def search(
    benchmark: Annotated[Benchmark | None, typer.Option(help="Search a bundled table.")] = None,
    table: Annotated[Path | None, typer.Option(help="Search a table of NASBench-101 cells (npz).")] = None,
    space: Annotated[
        Space | None, typer.Option(help="Search a space without a table; needs --train.")
    ] = None,
    train: Annotated[Training | None, typer.Option(help="Train each cell for real on this data.")] = None,
    column: Annotated[str | None, typer.Option(help="Column of the table to search on.")] = None,
    report: Annotated[str | None, typer.Option(help="Further column to report for the best cells.")] = None,
    pool: Annotated[Pool, typer.Option(help="How the pool S' is drawn.")] = Pool.evolutionary,
    n_candidates: Annotated[int, typer.Option(min=1, help="N', the size of the pool.")] = 1000,
    batch_size: Annotated[int, typer.Option(min=1, help="K, evaluations per iteration.")] = 4,
    budget: Annotated[int, typer.Option(min=1, help="Evaluations in all, initial ones included.")] = 150,
    predictor: Annotated[Predictor, typer.Option(help="What ranks the pool.")] = Predictor.default,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same search.")] = 0,
    jobs: Annotated[int, typer.Option(help="Trainings at the same time.")] = 1,
    output: Annotated[Path | None, typer.Option(help="Folder for history, plot and drawing.")] = None,
) -> None:
    """Search for the best architecture of a table, or train architectures as the search asks for them."""
    source = _source(benchmark, table, space, train)
    column = column or _default_column(source)
    searched, objective = _task(source, column)
    if report is not None:
        _check_reported(source, report)
    algorithm = PredictorBasedSearch(
        searched,
        predictor={"default": None, "paper": paper_predictor(), "random": "random"}[predictor],
        candidates=_pool(pool, n_candidates),
        batch_size=batch_size,
        random_state=seed,
    )
    checkpoint = None
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        earlier = output / "checkpoint.npz"  # of the first versions, whose checkpoints were NumPy archives
        checkpoint = earlier if earlier.exists() else output / "checkpoint.db"
        if checkpoint.exists():
            typer.echo(f"Continuing from {checkpoint}.")
    algorithm.run(objective, budget, n_jobs=jobs, checkpoint=checkpoint, progress=True)
    print_best(algorithm, source, column, report)
    if output is not None:
        save_results(algorithm, source, column, output)


def _source(
    benchmark: Benchmark | None, table: Path | None, space: Space | None, train: Training | None
) -> TabularBenchmark | None:
    """Return the table to search; None where cells are to be trained."""
    if (benchmark is not None) + (table is not None) + (space is not None) != 1:
        raise ValueError("give one of --benchmark, --table, or --space with --train")
    if space is not None:
        if train is None:
            raise ValueError("--space needs --train, the data to train each cell on; or give --table")
        return None
    if train is not None:
        raise ValueError("--train goes with --space; a table holds cells that are trained already")
    return load_digits_cells() if table is None else TabularBenchmark.from_npz(table)


def _task(source: TabularBenchmark | None, column: str | None) -> tuple[SearchSpace, Callable[[Any], Any]]:
    """Return the space and the objective."""
    if source is None:
        if column is not None:
            raise ValueError(f"--column {column}: there is no table with columns; leave it out")
        return NASBench101Space(), DigitsObjective()
    if column is None:
        raise ValueError(f"give --column, the column to search on; the table has {list(source.columns)}")
    return source.space, source.objective(column)


def _check_reported(source: TabularBenchmark | None, report: str) -> None:
    if source is None:
        raise ValueError(f"--report {report}: there is no table with further columns; leave it out")
    source.objective(report)  # refuses a column that there is not


def _default_column(source: TabularBenchmark | None) -> str | None:
    columns = [] if source is None else list(source.columns)
    return next((name for name in ("validation_accuracy", "mean_test_accuracy") if name in columns), None)


def _pool(kind: Pool, n_candidates: int) -> Any:
    if kind is Pool.exhaustive:
        return ExhaustiveCandidateSampler()
    samplers = {
        Pool.evolutionary: EvolutionaryCandidateSampler,
        Pool.uniform: UniformCandidateSampler,
        Pool.ml: MaximumLikelihoodCandidateSampler,
    }
    return samplers[kind](n_candidates=n_candidates)
