"""The report: one HTML page with the pictures, the claims, the protocol and the versions."""

from __future__ import annotations

import platform
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from ._claims import CLAIMS
from ._experiments import fast_predictor
from ._results import Results

TITLES = {
    2: "Distribution of the true error in C: uniform pools",
    3: "Sample-efficiency gain: uniform pools",
    4: "Convergence of the validation error: uniform pools",
    5: "Convergence of the test error: uniform pools",
    6: "Distribution of the true error in C: maximum-likelihood and evolutionary pools",
    7: "Sample-efficiency gain: maximum-likelihood and evolutionary pools",
    8: "The gain split into that of the pool and that of the predictor",
    9: "Convergence of the validation error: maximum-likelihood and evolutionary pools",
    10: "Convergence of the test error: maximum-likelihood and evolutionary pools",
    11: "Beyond the paper: no predictor, and the library's defaults",
    12: "Beyond the paper: sensitivity to P, alpha, p_mutate and K",
    13: "The paper's training to the letter beside the fast setting",
}
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; font-size: 13px }
td, th { padding: 3px 8px; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top }
img { max-width: 100% } .note { color: #666 }
"""


def write_report(
    results: Results, findings: pd.DataFrame, costs: pd.DataFrame, figures: list[int], note: str, output: Path
) -> Path:
    """Write ``report.html`` into a folder that holds the pictures and tables already."""
    parts = [f"<h1>Reproduction of the paper</h1><p class=note>{escape(note)}</p>", _protocol(results)]
    parts.append("<h2>Claims</h2>")
    for claim, text in CLAIMS.items():
        part = findings[findings["claim"] == claim] if len(findings) else findings
        if len(part):
            parts += [f"<h3>{claim}. {escape(text)}</h3>", _table(part.drop(columns="claim"))]
    for figure in figures:
        name = f"figure_{figure:02d}"
        picture = f'<img src="{name}.png" alt="{escape(TITLES[figure])}">'
        parts += [f"<h2>Figure {figure}. {escape(TITLES[figure])}</h2>", picture]
        parts.append(f'<p><a href="{name}.csv">The numbers behind it</a></p>')
    if len(costs):
        parts += ["<h2>What a search costs</h2>", _table(costs)]
    if len(results.comparisons):
        parts += ["<h2>The fast predictor and the paper's</h2>", _table(results.comparisons)]
    page = f"<!doctype html><meta charset=utf-8><title>skpbnas: reproduction</title><style>{_STYLE}</style>"
    path = output / "report.html"
    path.write_text(page + "\n".join(parts) + "\n", encoding="utf-8")
    return path


def versions() -> str:
    """Return what the numbers were made with."""
    names = ("skpbnas", "torch", "numpy", "scipy", "scikit-learn", "pandas")
    found = [f"{name} {_version(name)}" for name in names]
    return f"Python {platform.python_version()}, {', '.join(found)}; {platform.machine()}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # a checkout that is not installed
        import skpbnas

        return skpbnas.__version__ if name == "skpbnas" else "unknown"


def _protocol(results: Results) -> str:
    task = results.task
    runs = ", ".join(results.label(key) for key in results.records) or "none"
    return f"""<h2>Protocol</h2>
<p>Table: {escape(task.source)}, {len(task.table):,} architectures. Searched on
<code>{task.search_column}</code> (called validation), reported on <code>{task.report_column}</code>
(called test). Best validation error {task.errors.min():.5f}; J_low, the lowest target that ten architectures
reach, is {results.targets["low"]:.4f}.</p>
<p>Four random architectures at the start, then K = 4 an iteration. The fast setting is
<code>{escape(str(fast_predictor().get_params()))}</code>, fitted from scratch at each iteration.
Run r has the random_state r, so that the runs of all methods with one number start from the same
architectures. Intervals are 95 % confidence intervals over runs (Student's t); p is that of a paired
t-test.</p>
<p>Finished runs: {escape(runs)}.</p>
<p class=note>{escape(versions())}</p>"""


def _table(frame: pd.DataFrame) -> str:
    return frame.to_html(index=False, border=0, na_rep="", float_format=lambda value: f"{value:.4g}")
