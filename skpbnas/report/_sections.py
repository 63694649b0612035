"""The parts of a page as HTML: facts, drawings, the table of evaluations, the configuration."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from html import escape
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..search import PredictorBasedSearch
from ._data import Results, axes
from ._saved import Saved, against_control, against_random
from ._table import table_of

_PACKAGES = ("skpbnas", "numpy", "scipy", "pandas", "scikit-learn", "torch", "optuna")


class Page:
    """What a page says of one search.

    Parameters
    ----------
    results : PredictorBasedSearch or SavedResults
    score_name : str
    all_scores : ndarray of shape (n_architectures,) or None
    control : PredictorBasedSearch, SavedResults or None
    n_evaluations : int or None
    configuration : mapping of str to str or None
    """

    def __init__(
        self,
        results: Results,
        score_name: str,
        all_scores: NDArray[np.float64] | None,
        control: Results | None,
        n_evaluations: int | None,
        configuration: Mapping[str, str] | None,
    ) -> None:
        self.results, self.score_name, self.control = results, score_name, control
        self.history = results.history_
        self.table = results.results_
        self.axes = axes(results, score_name)
        self.has_front = "on_front" in self.history
        self.found_any = bool(self.table["rank"].notna().any())
        self.all_scores = None if self.has_front else all_scores
        self.budget = n_evaluations
        self.configuration = _configuration(results) if configuration is None else configuration

    # ------------------------------------------------------------------------------------ the head

    def status(self) -> str:
        """Return how far the search is."""
        history, budget = self.history, self.budget
        n = f"{len(history)} evaluations"
        if budget is not None:
            n = f"{len(history)} of {budget} evaluations" + (
                ", not finished" if len(history) < budget else ""
            )
        return f"{n}, in {history['iteration'].nunique()} iterations"

    def facts(self) -> str:
        """Return the tiles with the most important numbers."""
        return "".join(
            f'<div class="fact"><span>{escape(name)}</span><b>{escape(value)}</b>'
            f"<span>{escape(note)}</span></div>"
            for name, value, note in self._facts()
        )

    def _facts(self) -> Iterator[tuple[str, str, str]]:
        history = self.history
        failed = int(self.table["rank"].isna().sum())
        if self.has_front and self.found_any:
            yield (
                "on the front",
                str(len(self.results.pareto_front_.rows)),
                "no other evaluation dominates these",
            )
        elif self.found_any:
            at = history["evaluation"].iloc[int(np.nanargmax(history["score"].to_numpy(np.float64)))]
            yield f"best {self.score_name}", f"{history['score'].max():.6g}", f"at evaluation {at}"
            if self._repeated:
                found = self.results.recommendation_
                interval = f"90 % in {found.interval[0]:.6g} to {found.interval[1]:.6g}"
                yield "expected of the recommended", f"{found.score:.6g}", interval
        yield (
            "evaluations",
            str(len(history)),
            f"{failed} failed, {int((history['repeat'] > 0).sum())} repeats",
        )
        saved = self._saved()
        if saved is not None:
            yield (
                "trainings saved",
                f"{saved.other - saved.search}",
                f"{saved.search} instead of {saved.other}",
            )
        training = history["evaluation_seconds"].sum(min_count=1)
        proposing = history.groupby("iteration")["proposal_seconds"].max().sum()
        if not np.isnan(training):
            yield "time of evaluations", _duration(training), f"{_duration(proposing)} of proposing"

    @property
    def _repeated(self) -> bool:
        return bool(self.history["repeat"].any())

    def _saved(self) -> Saved | None:
        if self.has_front or not self.found_any:
            return None
        if self.all_scores is not None and self.history["score"].max() <= self.all_scores.max():
            return against_random(self.history, self.all_scores)
        if self.control is not None and self.control.history_["score"].notna().any():
            return against_control(self.history, self.control.history_)
        return None

    # ------------------------------------------------------------------------------------ the body

    def sections(self, n_drawings: int) -> Iterator[str]:
        """Yield the sections in their order."""
        if self.found_any and not self.has_front:
            yield _section("Recommended architecture", self._recommended())
        if self.has_front:
            yield _section("Front", self._front())
        else:
            yield _section(
                "Convergence", '<div id="convergence"><noscript>The curve needs JavaScript.</noscript></div>'
            )
        if self.found_any:
            yield _section("Best architectures", self._drawings(n_drawings))
        yield _section("All evaluations", table_of(self.table, self.history, self.axes))
        if not self.has_front:
            yield _section("Against random search", self._against_random())
        yield _section("Configuration", self._configuration())

    def _recommended(self) -> str:
        found = self.results.recommendation_
        text = f"<p>{escape(self.results.space.describe(found.architecture))}</p>"
        if self._repeated:
            text += (
                f"<p>Expected true {escape(self.score_name)} {found.score:.6g}, with a probability of 90 % "
                f"between "
                f"{found.interval[0]:.6g} and {found.interval[1]:.6g}. It was evaluated "
                f"{found.n_evaluations} "
                f"times, and is the best of the finalists with a probability of {found.probability:.0%}.</p>"
            )
        else:
            text += (
                f"<p>{escape(self.score_name)} {found.score:.6g}.</p><p class='note'>No architecture was "
                f"evaluated "
                f"twice. So noise cannot be told from merit: there is no interval, and if trainings "
                f"differ, this is "
                f'the luckiest one. Finals repeat the best: <code>n_finalists="auto"</code>, or '
                f"<code>--finalists auto</code>.</p>"
            )
        drawing = self.results.space.draw(found.architecture)._repr_svg_()
        return f'<div class="recommended"><figure>{drawing}</figure><div>{text}</div></div>'

    def _front(self) -> str:
        options = [
            "".join(_option(axis, k == chosen) for k, axis in enumerate(self.axes)) for chosen in (1, 0)
        ]
        return (
            f'<div class="tools"><label>across <select id="across">{options[0]}</select></label> '
            f'<label>up <select id="up">{options[1]}</select></label></div>'
            f'<div id="front"><noscript>The picture needs JavaScript.</noscript></div>'
            f'<p class="note">Scores are better the higher they are, and costs the lower. An evaluation is '
            f"on the "
            f"front if none is at least as good in everything and better in something.</p>"
        )

    def _drawings(self, n: int) -> str:
        table = self.table[self.table["rank"] == 1] if self.has_front else self.table.dropna(subset=["rank"])
        table = table.drop_duplicates("architecture").head(n)
        rows = self.results.evaluated_rows_
        place = pd.Series(range(len(rows)), index=self.history["evaluation"])
        chosen = rows[place[table["evaluation"]].to_numpy()]
        figures = []
        for (_, line), architecture in zip(table.iterrows(), self.results.space.decode(chosen), strict=True):
            values = ", ".join(f"{escape(axis['label'])} {line[axis['name']]:.6g}" for axis in self.axes)
            figures.append(
                f'<figure data-evaluation="{line["evaluation"]}">'
                f"{self.results.space.draw(architecture)._repr_svg_()}"
                f"<figcaption>{values}<br>evaluation {line['evaluation']}</figcaption></figure>"
            )
        more = "" if len(table) < n else f'<p class="note">The best {n}; the table has them all.</p>'
        return f'<div class="drawings">{"".join(figures)}</div>{more}'

    def _against_random(self) -> str:
        saved = self._saved()
        if saved is None:
            return (  # what was not done is said, and how to do it
                "<p>Not known: nothing here tells what random search finds. A control does: the same "
                "search with "
                '<code>predictor="random"</code> and a uniform pool, given as <code>control=</code>; on '
                "the command "
                "line, a search with <code>--predictor random --pool uniform --output OTHER</code>, and then "
                "<code>skpbnas report DIR --control OTHER</code>.</p>"
            )
        if self.all_scores is not None:
            return (
                f"<p>The search found {saved.score:.6g} after {saved.search} trainings. Half of all random "
                f"searches "
                f"need {saved.other:,} of them, as the scores of all {len(self.all_scores):,} "
                f"architectures tell: "
                f"{_difference(saved)}.</p><p class='note'>The search is one seed, and may have been "
                f"lucky; compare "
                f"several.</p>"
            )
        time = ""
        if saved.seconds is not None and saved.other > saved.search:
            time = f", some {_duration(saved.seconds)} at the mean time of a training"
        return (
            f"<p>For {saved.score:.6g}, the best that both have reached, the search needed {saved.search} "
            f"trainings "
            f"and the control {saved.other}: {_difference(saved)}{time}.</p><p class='note'>These are two "
            f"single runs; "
            f"other seeds may say otherwise.</p>"
        )

    def _configuration(self) -> str:
        versions = {"Python": platform.python_version()} | {name: version(name) for name in _PACKAGES}
        versions["system"] = f"{platform.system()} {platform.machine()}"
        return (
            f'<div class="columns"><div><h3>Search</h3>{_pairs(self.configuration)}</div>'
            f"<div><h3>Versions, when this page was written</h3>{_pairs(versions)}</div></div>"
        )


def _section(name: str, content: str) -> str:
    return f"<section><h2>{name}</h2>{content}</section>"


def _option(axis: dict[str, str], selected: bool) -> str:
    chosen = " selected" if selected else ""
    return f'<option value="{escape(axis["name"])}"{chosen}>{escape(axis["label"])}</option>'


def _pairs(values: Mapping[str, str]) -> str:
    lines = [
        f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in values.items()
    ]
    return f'<table class="pairs">{"".join(lines)}</table>'


def _configuration(results: Results) -> dict[str, str]:
    if isinstance(results, PredictorBasedSearch):
        given: dict[str, Any] = results.get_params(deep=False)
    else:
        given = results.identity_
    return {name: " ".join(str(value).split()) for name, value in given.items() if value is not None}


def _difference(saved: Saved) -> str:
    n = saved.other - saved.search
    return f"{n:,} saved" if n > 0 else "none saved" if n == 0 else f"{-n:,} more"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
