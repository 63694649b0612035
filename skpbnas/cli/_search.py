"""``skpbnas search``: search a table, or train architectures as the search asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ..datasets import TabularBenchmark
from ..search import PredictorBasedSearch
from ._config import read_config
from ._effort import EFFORT_OPTIONS, Effort
from ._folder import Description, Folder
from ._mistakes import MISTAKES
from ._model import load_builder, write_model
from ._output import print_found, save_results
from ._own import importable, is_own, place_of, raised
from ._task import POOLS, PREDICTORS, TASK_OPTIONS, Task

_OWN = "package.module:name"


def _option(help: str, default: str | None = None) -> Any:
    """Return an option without a value of its own, so that a configuration may give one."""
    return typer.Option(help=help, show_default=default or False)


_Budget = Annotated[int | None, _option("Evaluations in all, initial ones included.", "150")]
_Jobs = Annotated[int | None, _option("Trainings at the same time.", "1")]
_Timeout = Annotated[float | None, _option("Seconds that one training may take.")]
_MaxSeconds = Annotated[float | None, _option("Seconds that the search may take, all its runs together.")]
_Finalists = Annotated[
    str | None, _option("Train so many of the best again at the end, or 'auto': for noisy scores.")
]
_Build = Annotated[
    str | None, _option(f"{_OWN} that returns the network of an architecture: the best one is written.")
]
_Data = Annotated[str | None, _option("What the model card says of the data.")]
_Report = Annotated[str | None, _option("Further column of the table to print for the best.")]


def search(
    objective: Annotated[
        str | None, _option(f"{_OWN} of the function that trains an architecture and returns its score.")
    ] = None,
    space: Annotated[str | None, _option(f"{_OWN} of the space, or nasbench101.")] = None,
    table: Annotated[
        str | None, _option(f"Search a table: an npz file, with --space one of that space; or {_OWN}.")
    ] = None,
    benchmark: Annotated[str | None, _option("Search a bundled table: digits-cells.")] = None,
    train: Annotated[str | None, _option("Train each cell of nasbench101 on bundled data: digits.")] = None,
    column: Annotated[str | None, _option("Column of the table to search on.")] = None,
    cost: Annotated[
        list[str] | None, _option(f"{_OWN} of a function of rows to minimise beside; may be repeated.")
    ] = None,
    predictor: Annotated[
        str | None, _option(f"What ranks the pool: {', '.join(PREDICTORS)} or {_OWN}.", "default")
    ] = None,
    pool: Annotated[
        str | None, _option(f"How the pool S' is drawn: {', '.join(POOLS)} or {_OWN}.", "evolutionary")
    ] = None,
    n_candidates: Annotated[int | None, _option("N', the size of the pool.", "1000")] = None,
    n_initial: Annotated[int | None, _option("Random architectures at the start.", "4 or more")] = None,
    batch_size: Annotated[int | None, _option("K, evaluations per iteration.", "4")] = None,
    seed: Annotated[int | None, _option("The same seed gives the same search.", "0")] = None,
    budget: _Budget = None,
    jobs: _Jobs = None,
    timeout: _Timeout = None,
    max_seconds: _MaxSeconds = None,
    finalists: _Finalists = None,
    build: _Build = None,
    data: _Data = None,
    report: _Report = None,
    output: Annotated[Path | None, _option("Folder for results, report and pictures.")] = None,
    config: Annotated[
        Path | None, _option("TOML file with any of these options; what is typed here comes first.")
    ] = None,
) -> None:
    """Search for the best architecture: of your own space and objective, or of a table."""
    names = [*TASK_OPTIONS, *EFFORT_OPTIONS, "output"]
    typed = {name: value for name, value in locals().items() if name in names and value not in (None, [])}
    options = {**({} if config is None else read_config(config, names)), **typed}
    folder = options.get("output")
    _run(Task.from_dict(options), Effort.from_dict(options), None if folder is None else Path(folder))


def resume(
    folder: Annotated[Path, typer.Argument(help="The folder of a search, its --output.")],
    budget: _Budget = None,
    jobs: _Jobs = None,
    timeout: _Timeout = None,
    max_seconds: _MaxSeconds = None,
    finalists: _Finalists = None,
    build: _Build = None,
    data: _Data = None,
    report: _Report = None,
) -> None:
    """Go on with a search that was stopped, or give it a larger budget; what is not given stays as it was."""
    given = {name: value for name, value in locals().items() if name in EFFORT_OPTIONS}
    task, effort, directory = Folder(folder).read()
    _run(task, effort.changed(given), folder, directory)


def _run(task: Task, effort: Effort, output: Path | None, directory: Path | None = None) -> None:
    directory = Path.cwd() if directory is None else directory
    with importable(Path.cwd(), directory):
        source = task.load()
        task = _settled(task, source)
        objective, algorithm = task.evaluation(source), task.search()
        build = None if effort.build is None else load_builder(effort.build, task.cost)
        if effort.report is not None:
            _check_reported(source, effort.report)
        folder = None if output is None else Folder(output)
        if folder is not None:
            folder.check(task)
            folder.path.mkdir(parents=True, exist_ok=True)
            if folder.checkpoint.exists():
                typer.echo(f"Continuing from {folder.checkpoint}.")
            folder.write(Description(task, effort, directory))
        elif build is not None:
            raise ValueError("--build writes the best network to a folder; give --output, too")
        with _explained(task, folder):
            _evaluate(algorithm, objective, effort, folder)
        print_found(algorithm, source, task, effort)
        if folder is not None:
            save_results(algorithm, source, task, effort, folder)
            if build is not None:
                write_model(build, algorithm, task, effort, folder.path)


def _settled(task: Task, source: TabularBenchmark | None) -> Task:
    """Return a task whose table has an absolute path and a column."""
    table = task.table
    if table is not None and not (is_own(table) and not Path(table).exists()):
        table = str(Path(table).absolute())
    return replace(task, table=table, column=task.column or _default_column(source))


def _evaluate(
    algorithm: PredictorBasedSearch, objective: Callable[..., Any], effort: Effort, folder: Folder | None
) -> None:
    algorithm.run(
        objective,
        effort.budget,
        n_jobs=effort.jobs,
        checkpoint=None if folder is None else folder.checkpoint,
        progress=True,
        timeout=effort.timeout,
        max_seconds=effort.max_seconds,
        n_finalists=effort.finalists,
    )
    n_done = len(algorithm.history_)
    if effort.max_seconds is not None and n_done < effort.budget:
        typer.echo(
            f"\nThe time is over after {n_done} of {effort.budget} evaluations; 'skpbnas resume' goes on "
            f"with "
            f"a larger --max-seconds, which counts all runs together."
        )


@contextmanager
def _explained(task: Task, folder: Folder | None) -> Iterator[None]:
    """Say where the user's own code raised, and what to do next."""
    try:
        yield
    except Exception as error:
        if task.objective is None or (isinstance(error, MISTAKES) and place_of(error) is None):
            raise
        kept = "" if folder is None else f"; mend it, and 'skpbnas resume {folder.path}' goes on"
        raise ValueError(f"the search stopped at {raised(error)}{kept}") from error


def _check_reported(source: TabularBenchmark | None, report: str) -> None:
    if source is None:
        raise ValueError(f"--report {report}: there is no table with further columns; leave it out")
    source.objective(report)  # refuses a column that there is not


def _default_column(source: TabularBenchmark | None) -> str | None:
    columns = [] if source is None else list(source.columns)
    usual = [name for name in ("validation_accuracy", "mean_test_accuracy") if name in columns]
    return next(iter([*usual, *(columns if len(columns) == 1 else [])]), None)
