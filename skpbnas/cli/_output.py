"""What a search leaves behind: lines on the screen, and files in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import typer
from numpy.typing import NDArray

from ..datasets import TabularBenchmark
from ..search import PredictorBasedSearch
from ..spaces import Rows, SearchSpace


def print_best(
    space: SearchSpace,
    rows: Rows,
    history: pd.DataFrame,
    name: str,
    n: int = 3,
    further: Mapping[str, NDArray] | None = None,
) -> None:
    """Print the best architectures.

    Parameters
    ----------
    space : SearchSpace
    rows : ndarray of shape (n_evaluations, n_features)
    history : DataFrame
        A line for each of the evaluations.
    name : str
        What the score is.
    n : int
        How many.
    further : mapping of str to ndarray of shape (n_evaluations,)
        Values to print beside the score.
    """
    best = history["score"].dropna().sort_values(ascending=False, kind="stable").index[:n]
    for place in best:
        line = f"\n{name} {history['score'][place]:.4f} (evaluation {history['evaluation'][place]})"
        line += "".join(f", {column} {values[place]:.4f}" for column, values in (further or {}).items())
        typer.echo(line)
        typer.echo(str(space.draw(space.decode(rows[[place]])[0])))


def save_results(
    algorithm: PredictorBasedSearch, source: TabularBenchmark | None, column: str | None, output: Path
) -> None:
    """Write history and results of a search, its convergence and a drawing of the best architecture."""
    algorithm.history_.to_csv(output / "history.csv", index=False)
    algorithm.results_.to_csv(output / "results.csv", index=False)
    try:
        from matplotlib.figure import Figure
    except ImportError:
        typer.echo("No pictures: matplotlib is not installed (pip install 'skpbnas[plot]').")
        return
    from ..plotting import ConvergenceDisplay, plot_architecture

    name = column or "score"
    scores = None if source is None or column is None else np.asarray(source.columns[column])
    scores = None if scores is None else scores[np.isfinite(scores)]
    best = algorithm.space.draw(algorithm.best_architecture_, f"{name} {algorithm.best_score_:.4f}")
    for file, draw in {
        "convergence.png": lambda ax: ConvergenceDisplay.from_search(
            algorithm, score_name=name, all_scores=scores, ax=ax
        ),
        "best_cell.png": lambda ax: plot_architecture(best, ax),
    }.items():
        figure = Figure(figsize=(6, 4.5), layout="constrained")
        draw(figure.add_subplot())
        figure.savefig(output / file, dpi=150)
    typer.echo(f"History, convergence plot and drawing of the best cell are in {output}.")
