"""``skpbnas search``: search a table, or train architectures as the search asks for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ..datasets import TabularBenchmark
from ._folder import Folder
from ._output import print_best, save_results
from ._task import Benchmark, Pool, Predictor, Space, Task, Training

_Report = Annotated[str | None, typer.Option(help="Further column to report for the best cells.")]
_Jobs = Annotated[int, typer.Option(help="Trainings at the same time.")]


def search(
    benchmark: Annotated[Benchmark | None, typer.Option(help="Search a bundled table.")] = None,
    table: Annotated[Path | None, typer.Option(help="Search a table of NASBench-101 cells (npz).")] = None,
    space: Annotated[
        Space | None, typer.Option(help="Search a space without a table; needs --train.")
    ] = None,
    train: Annotated[Training | None, typer.Option(help="Train each cell for real on this data.")] = None,
    column: Annotated[str | None, typer.Option(help="Column of the table to search on.")] = None,
    report: _Report = None,
    pool: Annotated[Pool, typer.Option(help="How the pool S' is drawn.")] = Pool.evolutionary,
    n_candidates: Annotated[int, typer.Option(min=1, help="N', the size of the pool.")] = 1000,
    batch_size: Annotated[int, typer.Option(min=1, help="K, evaluations per iteration.")] = 4,
    budget: Annotated[int, typer.Option(min=1, help="Evaluations in all, initial ones included.")] = 150,
    predictor: Annotated[Predictor, typer.Option(help="What ranks the pool.")] = Predictor.default,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same search.")] = 0,
    jobs: _Jobs = 1,
    output: Annotated[Path | None, typer.Option(help="Folder for history, plot and drawing.")] = None,
) -> None:
    """Search for the best architecture of a table, or train architectures as the search asks for them."""
    table = None if table is None else table.absolute()
    task = Task(benchmark, table, space, train, column, pool, n_candidates, batch_size, predictor, seed)
    _run(task, budget, jobs, report, output)


def resume(
    folder: Annotated[Path, typer.Argument(help="The folder of a search, its --output.")],
    budget: Annotated[
        int | None, typer.Option(min=1, help="Evaluations in all; as before where not given.")
    ] = None,
    report: _Report = None,
    jobs: _Jobs = 1,
) -> None:
    """Go on with a search that was stopped, or give it a larger budget."""
    task, budget_before = Folder(folder).read()
    _run(task, budget or budget_before, jobs, report, folder)


def _run(task: Task, budget: int, jobs: int, report: str | None, output: Path | None) -> None:
    source = task.load()
    task = replace(task, column=task.column or _default_column(source))
    objective = task.objective(source)
    if report is not None:
        _check_reported(source, report)
    algorithm = task.search()
    folder = None if output is None else Folder(output)
    if folder is not None:
        folder.check(task)
        folder.path.mkdir(parents=True, exist_ok=True)
        if folder.checkpoint.exists():
            typer.echo(f"Continuing from {folder.checkpoint}.")
        else:
            folder.write(task, budget)
    checkpoint = None if folder is None else folder.checkpoint
    algorithm.run(objective, budget, n_jobs=jobs, checkpoint=checkpoint, progress=True)
    rows, history = algorithm.evaluated_rows_, algorithm.history_
    typer.echo(f"\n{len(rows)} architectures were evaluated, the initial ones included. The best of them:")
    reported = {} if source is None or report is None else {report: source.query(rows, report)}
    print_best(algorithm.space, rows, history, task.column or "score", further=reported)
    if source is not None and task.column is not None:
        typer.echo(f"\nThe best of all {len(source)} architectures has {source.oracle(task.column)[1]:.4f}.")
    if folder is not None:
        folder.write(task, budget)
        save_results(algorithm, source, task.column, folder.path)


def _check_reported(source: TabularBenchmark | None, report: str) -> None:
    if source is None:
        raise ValueError(f"--report {report}: there is no table with further columns; leave it out")
    source.objective(report)  # refuses a column that there is not


def _default_column(source: TabularBenchmark | None) -> str | None:
    columns = [] if source is None else list(source.columns)
    return next((name for name in ("validation_accuracy", "mean_test_accuracy") if name in columns), None)
