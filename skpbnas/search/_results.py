"""The results of a search in readable form: a table, a summary, and a page for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..metrics import kendall_tau, non_dominated_order, non_dominated_rank
from ..spaces import CellSpace, ConstrainedSpace, ProductSpace, Rows, SearchSpace
from ._archive import Scores

if TYPE_CHECKING:
    from ._found import SearchResults

_SCORES = r"^score(_\d+)?$"  # the columns of a history
_SHOWN = 5  # lines of the table in a notebook


def results(
    space: SearchSpace, history: pd.DataFrame, rows: Rows, cost_names: Sequence[str] = ()
) -> pd.DataFrame:
    """Return a line for each evaluation, best first: rank, scores, costs, architecture, its parameters.

    Failed evaluations stand at the end, without a rank.
    """
    scores, costs = history.filter(regex=_SCORES), history[list(cost_names)]
    points = np.concatenate([scores.to_numpy(np.float64), -costs.to_numpy(np.float64)], axis=1)
    done = np.isfinite(points).all(axis=1)
    rank, order = np.full(len(points), np.nan), np.arange(len(points))
    if done.any():
        rank[done], best_first = _ranked(points[done])
        order = np.concatenate([np.flatnonzero(done)[best_first], np.flatnonzero(~done)])
    table = pd.DataFrame({"rank": pd.array(rank, dtype="Int64")})
    table = pd.concat([table, scores, costs, history[["evaluation", "iteration", "repeat"]]], axis=1)
    table["architecture"] = [space.describe(architecture) for architecture in space.decode(rows)]
    table = pd.concat([table, parameters(space, rows)], axis=1)
    return table.iloc[order].reset_index(drop=True)


def _ranked(points: Scores) -> tuple[NDArray, NDArray]:
    """Return the ranks from 1 of scores, and minus costs, and the order that begins with the best.

    Of several, the rank is the number of the front: 1 where no other dominates.
    """
    if points.shape[1] > 1:
        return non_dominated_rank(points) + 1.0, non_dominated_order(points)
    descending = -np.sort(-points[:, 0])
    return np.searchsorted(-descending, -points[:, 0]) + 1.0, np.argsort(-points[:, 0], kind="stable")


def parameters(space: SearchSpace, rows: Rows) -> pd.DataFrame:
    """Return the parameters of rows as columns; none of cells, whose matrices say little in columns."""
    if isinstance(space, ConstrainedSpace):
        return parameters(space.space, rows)
    hidden: set[str] = set()
    if isinstance(space, ProductSpace):
        cells = {name: part for name, part in space.spaces.items() if isinstance(part, CellSpace)}
        hidden = {f"{name}.{parameter}" for name, part in cells.items() for parameter in part.distributions()}
    try:
        if isinstance(space, CellSpace):
            return pd.DataFrame(index=range(len(rows)))
        values = [space.row_to_params(row) for row in rows]
    except TypeError:  # a space without parameters
        return pd.DataFrame(index=range(len(rows)))
    table = pd.DataFrame(values, index=range(len(rows)), dtype=object).drop(columns=[*hidden])
    # A layer that is skipped is None, beside whole numbers that stay whole.
    return table.apply(lambda column: column if column.isna().any() else column.infer_objects())


def summary(search: SearchResults) -> str:
    """Return some lines on what a search has found, and the drawing of the recommended architecture."""
    history = search.history_
    lines = [f"Search of {search.space!r}", _effort(history)]
    if "on_front" in history:
        front = search.pareto_front_
        lines.append(f"not dominated by any other: {len(front.rows)}")
        return "\n".join([*lines, "", repr(front)])
    known = history.dropna(subset=["score"])
    if known.empty:
        return "\n".join(lines)
    scores = known["score"].to_numpy(np.float64)
    at = known["evaluation"].to_numpy()[scores.argmax()]
    lines.append(f"best score {scores.max():.6g}, at evaluation {at}")
    first = scores[known["iteration"] == 0]
    if len(first):
        lines[-1] += f"; the best of the first {len(first)} was {first.max():.6g}"
    if history["repeat"].any():
        found = search.recommendation_
        lines.append(
            f"recommended: true score {found.score:.6g}, 90 % in {found.interval[0]:.6g} to "
            f"{found.interval[1]:.6g}, the best with a probability of {found.probability:.0%}, "
            f"{found.n_evaluations} evaluations"
        )
    foreseen = known.dropna(subset=["predicted_score"])
    if len(foreseen) > 1:
        tau = kendall_tau(foreseen["score"], foreseen["predicted_score"])
        lines.append(
            f"Kendall's tau of predicted and observed scores {tau:.2f}, over {len(foreseen)} proposals"
        )
    return "\n".join([*lines, "", str(search.space.draw(search.recommended_architecture_))])


def _effort(history: pd.DataFrame) -> str:
    scores = history.filter(regex=_SCORES)
    failed = int((~np.isfinite(scores)).any(axis=1).sum())
    # A proposal's seconds stand in each line of its batch.
    proposing = history.groupby("iteration")["proposal_seconds"].max().sum()
    line = f"{len(history)} evaluations in {history['iteration'].nunique()} iterations"
    line += f", {failed} of them failed" if failed else ""
    evaluating = history["evaluation_seconds"].sum(min_count=1)
    line += f"; {proposing:.1f} s of proposing"
    return line if np.isnan(evaluating) else f"{line}, {evaluating:.1f} s of evaluating"


def to_html(search: SearchResults) -> str:
    """Return what a notebook shows of a search that has evaluated something."""
    history = search.history_
    table = search.results_.head(_SHOWN).to_html(index=False, border=0)
    drawing = ""
    if "on_front" not in history and history["score"].notna().any():
        found = search.recommendation_
        kind = "recommended, true score" if history["repeat"].any() else "score"
        drawing = search.space.draw(found.architecture, f"{kind} {found.score:.6g}")._repr_svg_()
    heading = escape(f"{search.space!r}: {_effort(history)}")
    return f"<div><p>{heading}</p>{drawing}{table}</div>"


def readable(architectures: list[Any], scores: Scores, costs: pd.DataFrame) -> str:
    """Return a table of architectures, their scores and their costs as text."""
    from ..spaces._base import one_line

    m = scores.shape[1]
    table = pd.DataFrame(scores, columns=["score"] if m == 1 else [f"score_{k}" for k in range(m)])
    table = pd.concat([table, costs], axis=1)
    table["architecture"] = [one_line(architecture) for architecture in architectures]
    with pd.option_context("display.max_colwidth", None, "display.width", None):
        return table.to_string(index=False, justify="left")
