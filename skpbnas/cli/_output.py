"""What a search leaves behind: lines on the screen, and files in a folder."""

from __future__ import annotations

from pathlib import Path

import typer

from ..datasets import TabularBenchmark
from ..search import PredictorBasedSearch


def print_best(
    algorithm: PredictorBasedSearch, source: TabularBenchmark | None, column: str | None, report: str | None
) -> None:
    """Print the three best architectures."""
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


def save_results(
    algorithm: PredictorBasedSearch, source: TabularBenchmark | None, column: str | None, output: Path
) -> None:
    """Write the history of a search, its convergence and a drawing of the best architecture to a folder."""
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
