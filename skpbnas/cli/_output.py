"""What a search leaves behind: lines on the screen, and files in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from ..datasets import TabularBenchmark
from ..report import write_report
from ..search import PredictorBasedSearch, SavedResults
from ._effort import Effort
from ._folder import Folder
from ._task import Task

Results = PredictorBasedSearch | SavedResults


def print_found(
    results: Results, source: TabularBenchmark | None, task: Task, effort: Effort, n_best: int = 3
) -> None:
    """Print how much was evaluated, and the best architectures."""
    rows, history = results.evaluated_rows_, results.history_
    repeats = int((history["repeat"] > 0).sum())
    again = f", and {repeats} of them again" if repeats else ""
    typer.echo(f"\n{len(rows) - repeats} architectures were evaluated{again}, the initial ones included.")
    if not np.isfinite(history.filter(regex=r"^score(_\d+)?$")).all(axis=1).any():
        typer.echo("None of them has a score: every evaluation has failed.")
        return
    typer.echo("The best of them:")
    reported = {}
    if source is not None and effort.report is not None:
        reported = {effort.report: source.query(rows, effort.report)}
    print_best(results, task.score_name, n_best, reported)
    if source is not None and task.column is not None and "on_front" not in history:
        typer.echo(f"\nThe best of all {len(source)} architectures has {source.oracle(task.column)[1]:.4f}.")


def print_best(results: Results, name: str, n: int, further: Mapping[str, NDArray] | None = None) -> None:
    """Print the best architectures, or the front where there are several objectives.

    Parameters
    ----------
    results : PredictorBasedSearch or SavedResults
    name : str
        What the score is.
    n : int
        How many.
    further : mapping of str to ndarray of shape (n_evaluations,)
        Values to print beside the score.
    """
    history, rows, space = results.history_, results.evaluated_rows_, results.space
    if "on_front" in history:
        typer.echo(f"\n{results.pareto_front_!r}")
        return
    best = history["score"].dropna().sort_values(ascending=False, kind="stable").index[:n]
    for place in best:
        line = f"\n{name} {history['score'][place]:.4f} (evaluation {history['evaluation'][place]})"
        line += "".join(f", {column} {values[place]:.4f}" for column, values in (further or {}).items())
        typer.echo(line)
        typer.echo(str(space.draw(space.decode(rows[[place]])[0])))
    if history["repeat"].any():
        found = results.recommendation_
        typer.echo(
            f"\nRecommended after repeats: expected {name} {found.score:.4f}, "
            f"90 % in {found.interval[0]:.4f} to {found.interval[1]:.4f}\n{space.draw(found.architecture)}"
        )


def save_results(
    results: Results, source: TabularBenchmark | None, task: Task, effort: Effort, folder: Folder
) -> None:
    """Write history, results and report of a search, its convergence and a drawing of the best."""
    output = folder.path
    history = results.history_
    history.to_csv(output / "history.csv", index=False)
    results.results_.to_csv(output / "results.csv", index=False)
    save_report(results, source, task, effort, output / "report.html")
    if "on_front" not in history and history["score"].notna().any():
        _save_pictures(results, _all_scores(source, task), task, output)
    typer.echo(f"Results and pictures are in {output}; open {output / 'report.html'}.")


def save_report(
    results: Results,
    source: TabularBenchmark | None,
    task: Task,
    effort: Effort,
    path: Path,
    control: Results | None = None,
) -> None:
    """Write the page of a search."""
    write_report(
        results,
        path,
        score_name=task.score_name,
        all_scores=_all_scores(source, task),
        n_evaluations=effort.budget,
        control=control,
        configuration=task.options()
        | {f"--{name.replace('_', '-')}": str(value) for name, value in effort.as_dict().items() if value},
    )


def _all_scores(source: TabularBenchmark | None, task: Task) -> NDArray[np.float64] | None:
    if source is None or task.column is None:
        return None
    scores = np.asarray(source.columns[task.column], np.float64)
    return scores[np.isfinite(scores)]


def _save_pictures(results: Results, scores: NDArray[np.float64] | None, task: Task, output: Path) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        typer.echo("No pictures: matplotlib is not installed (pip install 'skpbnas[plot]').")
        return
    from ..plotting import ConvergenceDisplay, plot_architecture

    best = results.space.draw(results.best_architecture_, f"{task.score_name} {results.best_score_:.4f}")
    histories = {"search": [results.history_]}
    display = ConvergenceDisplay(histories, score_name=task.score_name, all_scores=scores)
    for file in ("convergence.png", "best_cell.png"):
        figure = Figure(figsize=(6, 4.5), layout="constrained")
        ax = figure.add_subplot()
        if file == "best_cell.png":
            plot_architecture(best, ax)
        else:
            display.plot(ax)
        figure.savefig(output / file, dpi=150)
