"""``skpbnas reproduce``: the paper's experiments, figures and claims."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..datasets import TabularBenchmark, load_nasbench101
from ..reproduction import reproduce as run_reproduction


def reproduce(
    figure: Annotated[
        list[str] | None, typer.Option(help="2 to 10, beyond the paper 11 to 13, or all; may be repeated.")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Runs of each method.")] = 20,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer and shorter runs: some ten minutes.")] = False,
    table: Annotated[Path | None, typer.Option(help="A table of all NASBench-101 cells (npz).")] = None,
    nasbench101: Annotated[
        Path | None, typer.Option(help="The official file; by default as load_nasbench101 finds it.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    output: Annotated[Path, typer.Option(help="Folder for runs, figures and report.")] = Path("reproduction"),
    report_only: Annotated[
        bool, typer.Option("--report-only", help="Make no runs; draw from those there are.")
    ] = False,
) -> None:
    """Repeat the paper's experiments on a table, or go on with them, and write the figures and a report."""
    if table is not None and nasbench101 is not None:
        raise ValueError("give --table or --nasbench101, not both")
    source, name = _source(table, nasbench101)
    path = run_reproduction(
        source,
        output,
        figures=_numbers(figure or ["all"]),
        runs=runs,
        quick=quick,
        n_jobs=jobs,
        source=name,
        report_only=report_only,
    )
    typer.echo(f"Figures, tables and runs are in {output}; open {path}.")


def _source(table: Path | None, nasbench101: Path | None) -> tuple[TabularBenchmark, str]:
    """Return the table, and what the report calls it."""
    if table is not None:
        return TabularBenchmark.from_npz(table), table.name
    official = load_nasbench101(nasbench101)
    return official, str(official.source["name"])


def _numbers(figures: list[str]) -> list[int] | None:
    """Return the figures asked for; None for all."""
    if "all" in figures:
        return None
    wrong = [figure for figure in figures if not figure.isdecimal()]
    if wrong:
        raise ValueError(f"--figure {wrong[0]}: give a number from 2 to 13, or all")
    return [int(figure) for figure in figures]
