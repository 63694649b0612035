"""The command line: ``skpbnas search``, ``skpbnas nasbench101`` and ``skpbnas reproduce``."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from ..candidates import (
    EvolutionaryCandidateSampler,
    ExhaustiveCandidateSampler,
    MaximumLikelihoodCandidateSampler,
    UniformCandidateSampler,
)
from ..datasets import DigitsObjective, TabularBenchmark, load_digits_cells
from ..predictors import paper_predictor
from ..search import CheckpointError, PredictorBasedSearch
from ..spaces import NASBench101Space, SearchSpace

try:
    import typer
except ImportError as error:
    raise SystemExit("the command line needs typer; install it with: pip install 'skpbnas[cli]'") from error

from ._nasbench101 import app as nasbench101
from ._reproduce import reproduce

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Predictor-based neural architecture search."
)


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


app.add_typer(nasbench101, name="nasbench101")
app.command()(reproduce)


@app.command()
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
    searched, objective, source = _task(benchmark, table, space, train, column)
    if report is not None and (source is None or report not in source.columns):
        known = [] if source is None else list(source.columns)
        raise typer.BadParameter(f"--report {report}: there is no such column; there are {known}")
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
        checkpoint = output / "checkpoint.npz"
        if checkpoint.exists():
            typer.echo(f"Continuing from {checkpoint}.")
    try:
        algorithm.run(objective, budget, n_jobs=jobs, checkpoint=checkpoint, progress=True)
    except (ImportError, CheckpointError, KeyError) as error:
        raise typer.BadParameter(_message(error)) from error
    _print_best(algorithm, source, column or _default_column(source), report)
    if output is not None:
        _save(algorithm, source, column or _default_column(source), output)


def main() -> None:
    """Run the command line."""
    app()


def _task(
    benchmark: Benchmark | None,
    table: Path | None,
    space: Space | None,
    train: Training | None,
    column: str | None,
) -> tuple[SearchSpace, Callable[[Any], Any], TabularBenchmark | None]:
    """Return the space, the objective, and the table if there is one."""
    if (benchmark is not None) + (table is not None) + (space is not None) != 1:
        raise typer.BadParameter("give one of --benchmark, --table, or --space with --train")
    if space is not None:
        if train is None:
            raise typer.BadParameter("--space needs --train, the data to train each cell on; or give --table")
        return NASBench101Space(), DigitsObjective(), None
    if train is not None:
        raise typer.BadParameter("--train goes with --space; a table holds cells that are trained already")
    try:
        source = load_digits_cells() if table is None else TabularBenchmark.from_npz(table)
        return source.space, source.objective(column or _default_column(source) or ""), source
    except (OSError, ValueError, KeyError) as error:
        raise typer.BadParameter(_message(error)) from error


def _message(error: Exception) -> str:
    return str(error.args[0] if isinstance(error, KeyError) else error)  # a KeyError quotes its message


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


def _print_best(
    algorithm: PredictorBasedSearch, source: TabularBenchmark | None, column: str | None, report: str | None
) -> None:
    history = algorithm.history_
    best = history["score"].sort_values(ascending=False, kind="stable").index[:3]
    typer.echo(f"\n{len(history)} architectures were evaluated, the initial ones included. The best of them:")
    for place in best:
        row = algorithm.evaluated_rows_[[place]]
        line = (
            f"\n{column or 'score'} {history['score'][place]:.4f} (evaluation {history['evaluation'][place]})"
        )
        if source is not None and report is not None:
            line += f", {report} {source.query(row, report)[0]:.4f}"
        typer.echo(line)
        typer.echo(str(algorithm.space.decode(row)[0]))
    if source is not None and column is not None:
        typer.echo(f"\nThe best of all {len(source)} architectures has {source.oracle(column)[1]:.4f}.")


def _save(
    algorithm: PredictorBasedSearch, source: TabularBenchmark | None, column: str | None, output: Path
) -> None:
    algorithm.history_.to_csv(output / "history.csv", index=False)
    try:
        from matplotlib.figure import Figure
    except ImportError:
        typer.echo("No pictures: matplotlib is not installed (pip install 'skpbnas[plot]').")
        return
    from ..plotting import plot_cell, plot_convergence

    oracle = None if source is None or column is None else source.oracle(column)[1]
    for name, draw in {
        "convergence.png": lambda ax: plot_convergence({"search": algorithm.history_}, oracle, ax),
        "best_cell.png": lambda ax: plot_cell(algorithm.best_architecture_, ax),
    }.items():
        figure = Figure(figsize=(6, 4.5), layout="constrained")
        draw(figure.add_subplot())
        figure.savefig(output / name, dpi=150)
    typer.echo(f"History, convergence plot and drawing of the best cell are in {output}.")


if __name__ == "__main__":
    main()
