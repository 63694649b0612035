"""``skpbnas show``, ``report`` and ``compare``: what searches have found, also while they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from ._folder import Folder
from ._output import print_best, save_report
from ._own import importable

_COUNTS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
_Folder = Annotated[Path, typer.Argument(help="The folder of a search, its --output.")]


def show(
    folder: _Folder,
    best: Annotated[int, typer.Option(min=1, help="How many of the best architectures to show.")] = 3,
) -> None:
    """Show what a search is of, how far it is, and the best architectures so far; it may still be running."""
    opened = Folder(folder)
    task, effort, directory = opened.read()
    with importable(Path.cwd(), directory):
        results = opened.results(task)
        typer.echo(" ".join(word for option in task.options().items() for word in option))
        history = results.history_
        failed = history.filter(regex=r"^score(_\d+)?$").isna().any(axis=1).sum()
        typer.echo(f"{len(history)} of {effort.budget} evaluations, {failed} failed")
        print_best(results, task.score_name, best)


def report(
    folder: _Folder,
    output: Annotated[
        Path | None, typer.Option(help="The page.", show_default="report.html in the folder")
    ] = None,
    control: Annotated[
        Path | None, typer.Option(help="The folder of a search to compare with, such as a random one.")
    ] = None,
) -> None:
    """Write one HTML page of a search, which works without a network; the search may still be running."""
    opened = Folder(folder)
    task, effort, directory = opened.read()
    path = folder / "report.html" if output is None else output
    compared = None if control is None else Folder(control).read()
    with importable(Path.cwd(), directory, *([] if compared is None else [compared.directory])):
        other = None if control is None or compared is None else Folder(control).results(compared.task)
        save_report(opened.results(task), task.load(), task, effort, path, other)
    typer.echo(f"Open {path}.")


def compare(
    folders: Annotated[list[Path], typer.Argument(help="The folders of two searches or more.")],
) -> None:
    """Compare searches: the options that differ, and the best score after each number of evaluations."""
    if len(folders) < 2:
        raise ValueError("give the folders of two searches or more")
    opened = [Folder(path) for path in folders]
    described = [folder.read() for folder in opened]
    tasks = [description.task for description in described]
    with importable(Path.cwd(), *(description.directory for description in described)):
        histories = [folder.results(task).history_ for folder, task in zip(opened, tasks, strict=True)]
    for path, history in zip(folders, histories, strict=True):
        if "on_front" in history:
            raise ValueError(
                f"{path} has several objectives, and so no best score; 'skpbnas report' shows its front"
            )
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
