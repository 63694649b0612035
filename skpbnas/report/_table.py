"""The evaluations as an HTML table, which the script sorts and filters."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd


def table_of(table: pd.DataFrame, history: pd.DataFrame, axes: list[dict[str, str]]) -> str:
    """Return the table of all evaluations, best first.

    Parameters
    ----------
    table : DataFrame
        The results.
    history : DataFrame
        What else is known of each evaluation.
    axes : list of dict
        What scores and costs are called.
    """
    further = [name for name in ("predicted_score", "evaluation_seconds") if name in history]
    further = [name for name in further if history[name].notna().any()]
    merged = table.merge(history[["evaluation", *further]], on="evaluation", how="left")
    if not merged["repeat"].any():
        merged = merged.drop(columns="repeat")
    order = [name for name in merged.columns if name not in (*further, "architecture")]
    at = order.index("iteration") + 1
    merged = merged[[*order[:at], *further, *order[at:], "architecture"]]
    names = {axis["name"]: axis["label"] for axis in axes}
    labels = [names.get(name, str(name).replace("_", " ")) for name in merged.columns]
    numeric = [_is_numeric(merged[name]) for name in merged.columns]
    kinds = ["number" if is_number else "text" for is_number in numeric]
    head = "".join(
        f'<th scope="col" class="{kind}" data-kind="{kind}"><button '
        f'type="button">{escape(label)}</button></th>'
        for label, kind in zip(labels, kinds, strict=True)
    )
    on_front = set(history.loc[history["on_front"], "evaluation"]) if "on_front" in history else set()
    lines = []
    for values in merged.itertuples(index=False, name=None):
        evaluation = values[merged.columns.get_loc("evaluation")]
        cells = "".join(
            _cell(value, kind, name == "architecture")
            for value, kind, name in zip(values, kinds, merged.columns, strict=True)
        )
        front = ' class="front"' if evaluation in on_front else ""
        lines.append(f'<tr id="evaluation-{evaluation}"{front}>{cells}</tr>')
    return (
        '<div class="tools"><label>show those with <input id="filter" type="search" '
        'placeholder="words"></label>'
        f'<span id="count">{len(lines)} of {len(lines)}</span>'
        '<span class="note">click a heading to sort, a point above to find its line</span></div>'
        f'<div class="scroll"><table id="evaluations"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _is_numeric(column: pd.Series) -> bool:
    known = column.dropna()
    return bool(len(known)) and all(
        isinstance(value, int | float | np.number) and not isinstance(value, bool) for value in known
    )


def _cell(value: Any, kind: str, is_long: bool) -> str:
    if value is None or value is pd.NA or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return f'<td class="{kind}" data-value=""></td>'
    if kind == "number":
        return f'<td class="number" data-value="{value}">{value:.6g}</td>'
    return f'<td class="{"text long" if is_long else "text"}">{escape(str(value))}</td>'
