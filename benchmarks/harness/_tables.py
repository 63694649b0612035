"""Tables of the documentation and the README, written from results."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from ._experiment import Experiment

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "docs" / "tables"
README = ROOT / "README.md"
# In the README a table stands between two comments, the first of which names its page and itself.
MARKED = re.compile(r"(<!-- table (\w+)/(\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table_path(page: str, table: str) -> Path:
    """Return the file that a page of the documentation includes with ``csv-table``."""
    return TABLES / page / f"{table}.csv"


def table_text(table: pd.DataFrame) -> str:
    """Return the content of such a file; the index is the first column."""
    return table.to_csv(lineterminator="\n")


def write_tables(experiment: Experiment) -> None:
    """Write every table of an experiment."""
    results = experiment.results()
    for name, make in experiment.tables.items():
        path = table_path(experiment.page, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(table_text(make(results)))


def update_readme() -> None:
    """Write the tables of the README anew."""
    text = README.read_text()
    README.write_text(MARKED.sub(lambda mark: mark[1] + _markdown(*mark.group(2, 3)) + mark[4], text))


def _markdown(page: str, name: str) -> str:
    table = pd.read_csv(table_path(page, name), dtype=str, keep_default_na=False)
    lines = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
