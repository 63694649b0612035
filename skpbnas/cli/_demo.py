"""``skpbnas demo``: what a search is worth, in one picture and less than a minute."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer
from numpy.typing import ArrayLike
from tqdm.auto import tqdm

from ..datasets import TabularBenchmark, load_digits_cells
from ..metrics import trials_pmf
from ..search import PredictorBasedSearch

COLUMN, REPORTED = "validation_accuracy", "test_accuracy"
N_EVALUATIONS = 60
NEXT = """
What to do next:
  train for real       skpbnas search --space nasbench101 --train digits --budget 20 --output results
  search your own      PredictorBasedSearch(space, random_state=0).run(objective, n_evaluations=100);
                       the objective takes an architecture of the space, trains it and returns its score
  from a shell         skpbnas search --objective work:train --space work:space, of a file work.py
  a study of Optuna    optuna.create_study(direction="maximize", sampler=PBNASSampler(space))"""


class Saved(NamedTuple):
    """How many trainings half of the searches need for a score, and half of all random searches."""

    score: float
    search: int
    random: int


def demo(
    output: Annotated[Path, typer.Option(help="Folder for the picture and the results.")] = Path(
        "demo-output"
    ),
    seeds: Annotated[int, typer.Option(min=1, help="Number of searches, each with its own seed.")] = 5,
) -> None:
    """Search 2,532 really trained cells with several seeds, and compare with random search."""
    output.mkdir(parents=True, exist_ok=True)
    table = load_digits_cells()
    typer.echo(
        f"{seeds} searches of {N_EVALUATIONS} cells each, among {len(table):,} that were trained before"
    )
    searches = []
    for seed in tqdm(range(seeds), unit="search"):
        search = PredictorBasedSearch(table.space, random_state=seed)
        searches.append(search.run(table.objective(COLUMN), N_EVALUATIONS))
        search.results_.to_csv(output / f"seed{seed}.csv", index=False)
    saved = trainings_saved([search.history_["best_score"] for search in searches], table.columns[COLUMN])
    best = max(searches, key=lambda search: search.best_score_).best_architecture_
    test = table.query(table.space.encode([best]), REPORTED)[0]
    typer.echo(f"\nThe best cell of all seeds, with a test accuracy of {test:.4f}:\n\n{best}\n")
    typer.echo(
        f"Half of the searches have found a validation accuracy of {saved.score:.4f} after {saved.search} "
        f"trainings,\nhalf of all random searches after {saved.random}, as all scores of the table tell: "
        f"{saved.random - saved.search} trainings saved."
    )
    _draw(searches, table, saved, output / "search.png")
    typer.echo(NEXT)


def trainings_saved(curves: Sequence[ArrayLike], scores: ArrayLike) -> Saved:
    """Compare the trainings for the score that half of the searches reach with those of random search.

    Parameters
    ----------
    curves : sequence of array-like of shape (n_evaluations,)
        The best score so far of each search.
    scores : array-like of shape (n_architectures,)
        All there are to draw from.
    """
    median = np.quantile(np.array(curves), 0.5, axis=0, method="lower")
    score, everything = median[-1], np.asarray(scores)
    found = np.cumsum(trials_pmf(len(everything), int((everything >= score).sum())))
    return Saved(float(score), int(np.argmax(median >= score)) + 1, int(np.argmax(found >= 0.5 - 1e-9)) + 1)


def _draw(searches: list[PredictorBasedSearch], table: TabularBenchmark, saved: Saved, path: Path) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        typer.echo("No picture: matplotlib is not installed (pip install 'skpbnas[plot]').")
        return
    from ..plotting import ConvergenceDisplay, plot_cell

    figure = Figure(figsize=(10, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    name = f"predictor-based search, {len(searches)} seeds"
    display = ConvergenceDisplay(
        {name: [search.history_ for search in searches]},
        score_name="validation accuracy",
        all_scores=table.columns[COLUMN],
    )
    display.plot(left)
    left.annotate(
        f"half of the searches after {saved.search} trainings,\nhalf of all random ones after {saved.random}",
        (saved.search, saved.score),
        (0.4, 0.42),
        textcoords="axes fraction",
        arrowprops={"arrowstyle": "->", "color": "0.3"},
    )
    left.set_title("best so far: median and quartiles; points: single trainings", fontsize="medium")
    best = max(searches, key=lambda search: search.best_score_)
    plot_cell(best.best_architecture_, right, f"best cell, validation accuracy {best.best_score_:.4f}")
    figure.savefig(path, dpi=150)
    typer.echo(f"The picture is {path}.")
