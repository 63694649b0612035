"""The figures, drawn from their tables. They need the extra ``skpbnas[plot]``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ._experiments import FIGURES, METHODS, PAPER, SENSITIVITY
from ._results import Results
from ._statistics import FEWEST

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# One colour per method throughout, of the Okabe-Ito set, which the colour-blind can tell apart; line
# styles tell the methods of a figure apart in grey print.
_STYLES: dict[str, tuple[str, Any]] = {
    "random": ("#777777", "-"),
    "uniform-all": ("#0072B2", "-"),
    "uniform-10000": ("#56B4E9", (0, (6, 1.5))),
    "uniform-1000": ("#E69F00", (0, (4, 1, 1, 1))),
    "uniform-100": ("#D55E00", (0, (1, 1))),
    "ml-1000": ("#CC79A7", (0, (4, 1, 1, 1, 1, 1))),
    "ml-100": ("#8C3F6B", (0, (1, 1))),
    "evolutionary-1000": ("#009E73", (0, (6, 1.5))),
    "evolutionary-100": ("#004D38", (0, (3, 1.5))),
    "mutation": ("#8A6D00", (0, (4, 1, 1, 1))),
    "default": ("#000000", "-"),
}
_BOUND: dict[str, Any] = {"color": "0.35", "linewidth": 0.9, "zorder": 1}


def figure_class() -> type[Figure]:
    """Return matplotlib's figures; where it is missing, an error says how to get it."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("pictures need matplotlib; install it with: pip install 'skpbnas[plot]'") from error
    return Figure


def draw(results: Results, figure: int, table: pd.DataFrame, note: str) -> Figure:
    """Draw a figure from its table; ``note`` is written above it."""
    Figure = figure_class()
    double = figure in (3, 7, 8, 12)
    canvas = Figure(figsize=(10.5 if double else 8.4, 5.2), layout="constrained")
    _DRAWERS[figure](results, figure, table, canvas)
    canvas.suptitle(note, fontsize=8, color="0.3")
    return canvas


def _distribution(results: Results, figure: int, table: pd.DataFrame, canvas: Figure) -> None:
    ax = canvas.add_subplot()
    for key, part in _by_method(table, FIGURES[figure]):
        edges = np.append(part["from"], part["to"].iloc[-1])
        ax.stairs(part["density"], edges, label=results.label(key), linewidth=1.6, **_style(key))
    best = results.task.errors.min()
    ax.axvline(best, linestyle=":", label="validation oracle", **_BOUND)
    ax.set(xlabel="validation error J_v of the proposed architectures", ylabel="density q(J_v)")
    ax.set_xlim(best - 0.002, table["to"].max())
    ax.legend(frameon=False, fontsize=9)


def _gain(results: Results, figure: int, table: pd.DataFrame, canvas: Figure) -> None:
    kinds = {"run": "C: all proposals of a run", "batch": "C: the batch of one iteration, averaged"}
    left, right = canvas.subplots(1, 2)
    for ax, (kind, title) in zip((left, right), kinds.items(), strict=True):
        part = table[table["C"] == kind]
        _curves(ax, results, part, FIGURES[figure], "total")
        _bounds(ax, part)
        ax.axvline(results.task.errors.min(), linestyle="-", color="0.8", linewidth=0.9, zorder=0)
        ax.set(xlabel="J_target (validation error)", ylabel="gain in dB", title=title)
        ax.set_ylim(-12, 1.12 * part["total"].max())
    _legend_below(canvas, left)


def _split(results: Results, figure: int, table: pd.DataFrame, canvas: Figure) -> None:
    table = table[table["C"] == "run"]
    axes = canvas.subplots(1, 2, sharey=True)
    for ax, key in zip(axes, FIGURES[figure], strict=True):
        part = table[table["method"] == key]
        for name, column, dashes in (
            ("both (eq. 15)", "total", "-"),
            ("pool S' (eq. 16)", "pool", (0, (4, 1.5))),
            ("predictor (eq. 17)", "predictor", (0, (1, 1))),
        ):
            colour = {"total": "#000000", "pool": "#009E73", "predictor": "#D55E00"}[column]
            ax.plot(part["J_target"], part[column], color=colour, linestyle=dashes, label=name)
            if results.n_runs(key) >= FEWEST:
                low, high = part[f"{column}_low"], part[f"{column}_high"]
                ax.fill_between(part["J_target"], low, high, color=colour, alpha=0.15, linewidth=0)
        ax.axhline(0, **_BOUND)
        ax.axvline(results.task.errors.min(), linestyle=":", label="validation oracle", **_BOUND)
        ax.set(xlabel="J_target (validation error)", title=results.label(key))
    axes[0].set(ylabel="gain in dB")
    axes[0].legend(frameon=False, fontsize=9)


def _convergence(results: Results, figure: int, table: pd.DataFrame, canvas: Figure) -> None:
    reported = figure in (5, 10)
    ax = canvas.add_subplot()
    for key, part in _by_method(table, FIGURES[figure]):
        x, mean, std = part["evaluations"], part["mean"], part["std"]
        style = _style(key)
        ax.plot(x, mean, label=_setting(results, key), linewidth=1.6, **style)
        ax.fill_between(x, mean - std, mean + std, color=style["color"], alpha=0.13, linewidth=0)
    _oracles(ax, results, reported)
    late = table[table["evaluations"] >= 16]
    kind, chosen = ("test", " by validation") if reported else ("validation", "")
    ax.set(xlabel="evaluated architectures", ylabel=f"{kind} error of the best{chosen} so far")
    bottom = (results.task.reported if reported else results.task.errors).min()
    top = (late["mean"]).max() if len(late) else table["mean"].max()
    ax.set_ylim(bottom - 0.04 * (top - bottom), top + 0.05 * (top - bottom))
    _legend_below(canvas, ax)


def _oracles(ax: Axes, results: Results, reported: bool) -> None:
    """Draw what the best architectures by validation, and by test, have."""
    task = results.task
    values = task.reported if reported else task.errors
    oracles = {
        "validation oracle": (task.errors.argmin(), ":"),
        "test oracle": (task.reported.argmin(), "--"),
    }
    for name, (place, dashes) in oracles.items():
        ax.axhline(values[place], linestyle=dashes, label=name, **_BOUND)


def _sensitivity(results: Results, figure: int, table: pd.DataFrame, canvas: Figure) -> None:
    axes = canvas.subplots(1, 2, sharey=True)
    y = np.arange(len(table))[::-1]
    for ax, kind, name in zip(axes, ("search", "report"), ("validation", "test"), strict=True):
        mean, low, high = (table[f"{kind}_{part}"] for part in ("change", "low", "high"))
        spread = np.where(table["runs"] >= FEWEST, [mean - low, high - mean], np.nan)
        ax.errorbar(mean, y, xerr=spread, fmt="o", color="#009E73", ecolor="0.4", capsize=3)
        ax.axvline(0, linestyle=":", **_BOUND)
        ax.set(xlabel=f"change of the {name} error, percentage points")
    runs = [f"{name} ({n})" for name, n in zip(table["setting"], table["runs"], strict=True)]
    axes[0].set_yticks(y, runs)
    axes[0].set(ylabel="setting (number of runs)")
    base = "from P = 20, alpha = 0.5, p_mutate = 0.05, K = 4"
    evaluations = int(table["evaluations"].iloc[0])
    canvas.supxlabel(f"{base}; error of the best so far, averaged over {evaluations} evaluations", fontsize=9)


def _legend_below(canvas: Figure, ax: Axes) -> None:
    """Put the legend where it hides no curve."""
    columns = 3 if canvas.get_figwidth() > 10 else 2
    handles = ax.get_legend_handles_labels()
    canvas.legend(*handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=8.5)


def _curves(ax: Axes, results: Results, table: pd.DataFrame, keys: Iterable[str], column: str) -> None:
    for key, part in _by_method(table, keys):
        style = _style(key)
        ax.plot(part["J_target"], part[column], label=results.label(key), linewidth=1.6, **style)
        if results.n_runs(key) >= FEWEST:
            low, high = part[f"{column}_low"], part[f"{column}_high"]
            ax.fill_between(part["J_target"], low, high, color=style["color"], alpha=0.13, linewidth=0)


def _bounds(ax: Axes, table: pd.DataFrame) -> None:
    for name, dashes in {"everything found": "--", "nothing found": ":"}.items():
        part = table[table["method"] == name]
        ax.plot(part["J_target"], part["total"], linestyle=dashes, label=name, **_BOUND)


def _by_method(table: pd.DataFrame, keys: Iterable[str]) -> list[tuple[str, pd.DataFrame]]:
    parts = [(key, table[table["method"] == key]) for key in keys]
    return [(key, part) for key, part in parts if len(part)]


def _style(key: str) -> dict[str, Any]:
    if key in PAPER:  # the same method with the paper's predictor: the same colour, with markers
        pool = key.removeprefix("paper-")
        marker = {"evolutionary-1000": "o", "uniform-1000": "s", "ml-1000": "^"}[pool]
        return {
            "color": _STYLES[pool][0],
            "linestyle": ":",
            "marker": marker,
            "markersize": 4,
            "markevery": 9,
        }
    colour, dashes = _STYLES[key]
    return {"color": colour, "linestyle": dashes}


def _setting(results: Results, key: str) -> str:
    return f"paper's training: {results.label(key)}" if key in PAPER else results.label(key)


_DRAWERS: dict[int, Callable[[Results, int, pd.DataFrame, Any], None]] = {
    2: _distribution,
    3: _gain,
    4: _convergence,
    5: _convergence,
    6: _distribution,
    7: _gain,
    8: _split,
    9: _convergence,
    10: _convergence,
    11: _convergence,
    12: _sensitivity,
    13: _convergence,
}
assert set(_DRAWERS) == set(FIGURES)
assert set(_STYLES) == set(METHODS) - {*SENSITIVITY, *PAPER}
