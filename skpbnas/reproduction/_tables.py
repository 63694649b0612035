"""The numbers behind each figure, as tables."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ._experiments import FIGURES, PAPER, SENSITIVITY
from ._measures import Gains, batch_gains, everything_found, nothing_found, pooled_gains, proposed
from ._results import Results
from ._run import TARGETS, count
from ._statistics import estimate

N_BINS = 80  # of a distribution
EVERY = 20  # evaluations from one point of a convergence curve to the next


def distribution_table(results: Results, keys: Iterable[str]) -> pd.DataFrame:
    """Return q(J_v): histograms of the true errors of C, over all iterations and runs of each method."""
    errors = results.task.errors
    edges = np.linspace(errors.min(), np.quantile(errors, 0.9), N_BINS + 1)
    frames = []
    for key in _present(results, keys):
        values = np.concatenate([errors[proposed(r)] for r in results.records[key].values()])
        counts = np.histogram(values, edges)[0]
        density = counts / len(values) / np.diff(edges)
        columns = {"method": key, "from": edges[:-1], "to": edges[1:], "density": density}
        frames.append(pd.DataFrame(columns))
    return _join(frames)


def gain_table(results: Results, keys: Iterable[str]) -> pd.DataFrame:
    """Return the gain and its parts over J_target, means over runs with their confidence intervals.

    ``C`` says what C is: ``run``, all proposals of a run, or ``batch``, those of one iteration. Beside the
    methods there are the gains of sets that hold nothing, and everything, that reaches the target.
    """
    task, frames, present = results.task, [], _present(results, keys)
    n_space = count(task.errors)
    shown = (TARGETS >= task.errors.min() - 0.004) & (n_space <= len(task.errors) / 2)
    for kind, measure in {"run": pooled_gains, "batch": batch_gains}.items():
        for key in present:
            gains = [measure(task, record) for record in results.records[key].values()]
            columns = {"C": kind, "method": key, "J_target": TARGETS, "n_space": n_space}
            for part in Gains._fields:
                values = np.array([getattr(gain, part) for gain in gains])  # (n_runs, n_targets)
                intervals = np.array([estimate(column)[:3] for column in values.T])
                columns |= {part: intervals[:, 0], f"{part}_low": intervals[:, 1]}
                columns |= {f"{part}_high": intervals[:, 2]}
            frames.append(pd.DataFrame(columns)[shown])
        sizes = [len(r.indices) - r.sizes[0] for runs in results.records.values() for r in runs.values()]
        size = max(sizes, default=1) if kind == "run" else 4
        for name, bound in {"nothing found": nothing_found, "everything found": everything_found}.items():
            columns = {"C": kind, "method": name, "J_target": TARGETS, "n_space": n_space}
            frames.append(pd.DataFrame(columns | {"total": bound(task, size)})[shown])
    return _join(frames) if present else pd.DataFrame()


def convergence_table(results: Results, keys: Iterable[str], reported: bool, dense: int = 40) -> pd.DataFrame:
    """Return the error of the best architecture so far, mean and standard deviation over runs.

    The first ``dense`` evaluations are all kept, and of the others one in :data:`EVERY`.
    """
    frames = []
    for key in _present(results, keys):
        curves = results.convergence(key)[int(reported)]
        n = curves.shape[1]
        kept = np.unique(np.r_[np.arange(min(dense, n)), np.arange(EVERY - 1, n, EVERY), n - 1])
        columns = {"method": key, "evaluations": kept + 1, "mean": curves.mean(axis=0)[kept]}
        columns["std"] = curves.std(axis=0, ddof=1)[kept] if len(curves) > 1 else 0.0
        frames.append(pd.DataFrame(columns))
    return _join(frames)


def sensitivity_table(results: Results) -> pd.DataFrame:
    """Return what each value of P, alpha, p_mutate and K changes, in percentage points of error.

    The error is that of the best so far, averaged over the evaluations; the difference is to the run of
    ``evolutionary-1000`` that started alike.
    """
    base, lines = "evolutionary-1000", []
    for key in _present(results, SENSITIVITY if results.n_runs(base) else ()):
        line: dict[str, object] = {"method": key, "setting": results.methods[key].label}
        for kind in ("search", "report"):
            errors = results.per_run.loc[[key, base]][f"average_{kind}_error"].unstack("method").dropna()
            value = estimate(100 * (errors[key] - errors[base]))
            line |= {"runs": value.n, "evaluations": results.short}
            line |= {f"{kind}_change": value.mean, f"{kind}_low": value.low, f"{kind}_high": value.high}
        lines.append(line)
    return pd.DataFrame(lines)


def cost_table(results: Results) -> pd.DataFrame:
    """Return what each method takes: proposals only, on this machine."""
    wanted = [
        "seconds_per_iteration", "seconds", "candidates_per_iteration", "candidates", "search_error",
        "report_error",
    ]  # fmt: skip
    if not results.records:
        return pd.DataFrame()
    groups = results.per_run.groupby("method", sort=False)
    table = groups[wanted].mean()
    table.insert(0, "runs", groups.size())
    table.insert(1, "evaluations", groups["evaluations"].first())
    table.insert(len(table.columns), "oracle_found", groups["oracle_found_after"].count())
    return table.reset_index()


def figure_table(results: Results, figure: int) -> pd.DataFrame:
    """Return the numbers behind a figure."""
    keys = FIGURES[figure]
    if figure in (2, 6):
        return distribution_table(results, keys)
    if figure in (3, 7, 8):
        return gain_table(results, keys)
    if figure in (4, 5, 9, 10, 11):
        return convergence_table(results, keys, reported=figure in (5, 10))
    if figure == 12:
        return sensitivity_table(results)
    # The paper's predictor is slow, so that its searches are short; the others are shown as far as they go.
    longest = max(results.methods[key].n_evaluations for key in PAPER)
    table = convergence_table(results, keys, reported=False, dense=longest)
    return table[table["evaluations"] <= longest] if len(table) else table


def _present(results: Results, keys: Iterable[str]) -> list[str]:
    return [key for key in keys if results.n_runs(key)]


def _join(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
