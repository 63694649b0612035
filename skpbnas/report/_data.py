"""The numbers of a page, as its script reads them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..metrics import random_search_quantiles
from ..search import PredictorBasedSearch, SavedResults

Results = PredictorBasedSearch | SavedResults

_SCORES = r"^score(_\d+)?$"


def axes(results: Results, score_name: str) -> list[dict[str, str]]:
    """Return the columns of the results that are scores or costs, and what each is called."""
    history = results.history_
    scores = list(history.filter(regex=_SCORES).columns)
    names = [score_name if name == "score" else name for name in scores]
    costs = list(results._begun().archive.cost_names)
    return [
        {"name": name, "label": label}
        for name, label in zip([*scores, *costs], [*names, *costs], strict=True)
    ]


def page_data(
    results: Results, score_name: str, all_scores: NDArray[np.float64] | None, control: Results | None
) -> dict[str, Any]:
    """Return what the script draws."""
    table = results.results_.sort_values("evaluation")
    history, columns = results.history_, axes(results, score_name)
    of_front = history["on_front"] if "on_front" in history else pd.Series(False, history.index)
    values = [[_number(value) for value in table[axis["name"]]] for axis in columns]
    evaluations = [
        {
            "evaluation": int(evaluation),
            "architecture": architecture,
            "front": bool(on_front),
            "values": dict(zip([axis["name"] for axis in columns], of_one, strict=True)),
        }
        for evaluation, architecture, on_front, *of_one in zip(
            table["evaluation"], table["architecture"], of_front, *values, strict=True
        )
    ]
    return {
        "axes": columns,
        "evaluations": evaluations,
        "best": [_number(score) for score in history.get("best_score", [])],
        "control": None if control is None else _steps(control.history_),
        "random": None if all_scores is None else _random(all_scores, len(history)),
        "oracle": None if all_scores is None else float(all_scores.max()),
    }


def as_json(data: dict[str, Any]) -> str:
    """Return JSON that may stand in a page: nothing in it ends the element that holds it."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _steps(history: pd.DataFrame) -> dict[str, list]:
    known = history.dropna(subset=["best_score"])
    return {"x": known["evaluation"].tolist(), "y": known["best_score"].tolist()}


def _random(all_scores: NDArray[np.float64], n: int) -> dict[str, list]:
    n = min(n, len(all_scores))
    low, median, high = random_search_quantiles(all_scores, n).tolist()
    return {"x": list(range(1, n + 1)), "y": median, "low": low, "high": high}
