"""``skpbnas show`` and ``skpbnas compare``: what searches have found, also while they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from ._folder import Folder
from ._output import print_best

_COUNTS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)


def show(
    folder: Annotated[Path, typer.Argument(help="The folder of a search, its --output.")],
    best: Annotated[int, typer.Option(min=1, help="How many of the best architectures to show.")] = 3,
) -> None:
    """Show what a search is of, how far it is, and the best architectures so far; it may still be running."""
    opened = Folder(folder)
    task, budget = opened.read()
    rows, _, history, _ = opened.evaluations(task)
    typer.echo(" ".join(word for option in task.options().items() for word in option))
    typer.echo(f"{len(history)} of {budget} evaluations, {history['score'].isna().sum()} failed")
    print_best(task.search_space(), rows, history, task.column or "score", best)


def compare(
    folders: Annotated[list[Path], typer.Argument(help="The folders of two searches or more.")],
) -> None:
    """Compare searches: the options that differ, and the best score after each number of evaluations."""
    if len(folders) < 2:
        raise ValueError("give the folders of two searches or more")
    opened = [Folder(path) for path in folders]
    tasks = [folder.read()[0] for folder in opened]
    histories = [folder.evaluations(task).history for folder, task in zip(opened, tasks, strict=True)]
    options = pd.DataFrame([task.options() for task in tasks]).T.fillna("not given")
    different = options[options.nunique(axis=1) > 1]
    most = max(map(len, histories))
    lines = {
        f"best of the first {count}": [_best(history, count) for history in histories]
        for count in (*(count for count in _COUNTS if count < most), most)
    }
    lines["found at evaluation"] = [_found(history) for history in histories]
    table = pd.concat([different, pd.DataFrame(lines, index=options.columns).T])
    table.columns = pd.Index([str(path) for path in folders])
    typer.echo(table.to_string())


def _best(history: pd.DataFrame, count: int) -> str:
    """Return the best score of the first evaluations; nothing where there are not as many."""
    scores = history["score"].head(count)
    return f"{scores.max():.4f}" if len(history) >= count and scores.notna().any() else "-"


def _found(history: pd.DataFrame) -> str:
    scores = history["score"].to_numpy(np.float64)
    return "-" if np.isnan(scores).all() else str(history["evaluation"].iloc[np.nanargmax(scores)])
