"""The paper, reproduced: all runs, then all figures, tables and the report."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ..datasets import TabularBenchmark
from ._claims import findings
from ._experiments import FIGURES, QUICK
from ._figures import draw, figure_class
from ._report import write_report
from ._results import Results
from ._runner import jobs, run_all, selected
from ._tables import cost_table, figure_table
from ._task import Task

QUICK_RUNS = 3


def reproduce(
    table: TabularBenchmark,
    output: str | os.PathLike[str],
    figures: Iterable[int] | None = None,
    runs: int = 20,
    quick: bool = False,
    n_jobs: int = 1,
    source: str | None = None,
    report_only: bool = False,
    progress: bool = True,
) -> Path:
    """Run the paper's experiments, draw its figures, and judge its claims.

    Every run is saved to ``output/runs`` as it goes. A call that is stopped continues where it was, and a
    later one with more ``runs`` adds to those there are.

    Parameters
    ----------
    table : TabularBenchmark
        What is searched, with the columns ``mean_validation_accuracy`` and ``mean_test_accuracy`` (as
        :func:`~skpbnas.datasets.load_nasbench101` returns them), ``validation_accuracy`` and
        ``test_accuracy``, or ``run0_test_accuracy`` and ``mean_test_accuracy``.
    output : path
        Folder for runs, figures, tables and the report.
    figures : iterable of int, default=None
        Those to draw, from 2 to 13; 11 to 13 go beyond the paper. None draws all. Only the runs that they
        need are made.
    runs : int, default=20
        Number of runs of each method; the paper's training takes part in a quarter of them.
    quick : bool, default=False
        Fewer and shorter runs, about ten minutes on two cores; every figure says so.
    n_jobs : int, default=1
        Number of processes.
    source : str, default=None
        What the report calls the table.
    report_only : bool, default=False
        Whether to draw from the runs there are, and make none.
    progress : bool, default=True
        Whether to show a progress bar.

    Returns
    -------
    Path
        The report, an HTML page.

    Raises
    ------
    ValueError
        Where there is no such figure, the table lacks the columns, or ``output`` holds runs of another table
        or setting.
    ImportError
        Where matplotlib is not installed.
    """
    wanted = sorted(set(FIGURES if figures is None else figures))
    unknown = set(wanted) - set(FIGURES)
    if unknown:
        raise ValueError(f"figures={sorted(unknown)} is not allowed; choose from {sorted(FIGURES)}")
    if runs < 1:
        raise ValueError(f"runs={runs} is not allowed; give a number from 1 on")
    figure_class()  # told now that it is missing, and not after hours of runs
    task = Task.of(table, repr(table) if source is None else source)
    folder = Path(output)
    runs = min(runs, QUICK_RUNS) if quick else runs
    methods = selected(wanted, quick)
    if not report_only:
        run_all(jobs(task, methods, runs, folder), n_jobs, progress)
    results = Results.load(task, methods, runs, folder)
    return _write(results, wanted, _note(results, quick), folder)


def _write(results: Results, figures: list[int], note: str, output: Path) -> Path:
    output.mkdir(parents=True, exist_ok=True)
    drawn = []
    for figure in figures:
        numbers = figure_table(results, figure)
        if not len(numbers):
            continue  # none of its runs has come to its end
        name = f"figure_{figure:02d}"
        numbers.to_csv(output / f"{name}.csv", index=False, float_format="%.4g")
        draw(results, figure, numbers, note).savefig(output / f"{name}.png", dpi=100)
        drawn.append(figure)
    judged, costs = findings(results), cost_table(results)
    judged.to_csv(output / "claims.csv", index=False, float_format="%.4g")
    costs.to_csv(output / "costs.csv", index=False, float_format="%.4g")
    if results.records:
        results.per_run.to_csv(output / "runs.csv", float_format="%.6g")
    if len(results.comparisons):
        results.comparisons.to_csv(output / "predictors.csv", index=False, float_format="%.5g")
    return write_report(results, judged, costs, drawn, note, output)


def _note(results: Results, quick: bool) -> str:
    task = results.task
    columns = f"validation: {task.search_column}, test: {task.report_column}"
    kind = f"QUICK VERSION: at most {QUICK_RUNS} runs of {QUICK} iterations\n" if quick else ""
    return f"{kind}{task.source}. {columns}"
