"""The paper's claims, each with its number, ours, and a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy import stats

from ._experiments import SENSITIVITY
from ._results import Results
from ._statistics import FEWEST, Estimate, estimate, paired_p

HELD, FAILED, OPEN = "held", "did not hold", "inconclusive"
_SAME_GAIN = 1.0  # dB: what counts as "hardly depends", "comparable" and "recovers"
_SAME_ERROR = 0.1  # percentage points: what counts as "almost identical"


@dataclass(frozen=True)
class Finding:
    """One number of a claim.

    ``paper`` is what the paper says; ``ours`` a mean over runs with its 95 % confidence interval; ``p`` that
    of a paired test of a difference against zero.
    """

    claim: int
    quantity: str
    paper: str
    ours: float
    low: float
    high: float
    runs: int
    p: float
    verdict: str


CLAIMS = {
    1: "The gain at a small J_target falls steadily as N' shrinks: 50 dB for N' = |S|, 25 dB for N' = 100.",
    2: "Above J_target = 0.07 the gain hardly depends on N'.",
    3: "ML pools reach about 30 dB at a small J_target, slightly more than uniform ones, and less above it.",
    4: "Evolutionary pools of 100 to 1000 recover the gain of the whole space; q(J_v) is almost as narrow.",
    5: "At a small J_target the gain of the pool falls and that of the predictor rises.",
    6: "Evolutionary pools converge like the whole space, and all their runs reach the validation oracle "
    "after about 1,400 evaluations; uniform pools of 100 and 1000 do not.",
    7: "Evolutionary pools take considerably less computation.",
    8: "Beyond the paper: is the predictor needed, and how much do the open choices matter?",
    9: "The fast predictor ranks at least as well as the paper's.",
}


def findings(results: Results) -> pd.DataFrame:
    """Return all findings that the finished runs allow."""
    return pd.DataFrame([asdict(finding) for finding in _Judge(results).all()])


def verdict(value: Estimate, above: float = -np.inf, below: float = np.inf) -> str:
    """Tell whether the confidence interval lies within the bounds, outside of them, or across."""
    if value.n < FEWEST:
        return f"{OPEN}: {value.n} run{'s' * (value.n != 1)}"
    if value.low > above and value.high < below:
        return HELD
    if value.high < above or value.low > below:
        return FAILED
    return OPEN


class _Judge:
    """Puts each claim to the runs."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.numbers = results.per_run.copy() if results.records else pd.DataFrame()
        for measure in self.numbers.columns:
            if measure.endswith("_error"):
                self.numbers[measure] *= 100  # percent

    def all(self) -> Iterator[Finding]:
        for claim in (
            self._uniform, self._middle, self._likelihood, self._evolutionary, self._split, self._convergence,
            self._cost, self._beyond, self._predictors,
        ):  # fmt: skip
            yield from claim()

    # ---------------------------------------------------------------------------------- the claims

    def _uniform(self) -> Iterator[Finding]:
        order = ["uniform-all", "uniform-10000", "uniform-1000", "uniform-100"]
        for key, paper in zip(order, ["50 dB", "", "", "25 dB"], strict=True):
            yield from self._value(1, "gain_low", key, paper)
        yield from self._value(1, "batch_gain_low", "uniform-all", "50 dB")
        yield from self._value(1, "batch_gain_low", "uniform-100", "25 dB")
        yield from self._difference(1, "gain_low", order[0], order[-1], "25 dB", above=0)
        for larger, smaller in zip(order, order[1:], strict=False):
            yield from self._difference(1, "gain_low", larger, smaller, "more", above=0)

    def _middle(self) -> Iterator[Finding]:
        for other in ("uniform-100", "uniform-1000"):
            bounds = {"above": -_SAME_GAIN, "below": _SAME_GAIN}
            yield from self._difference(2, "gain_middle", "uniform-all", other, "hardly any", **bounds)

    def _likelihood(self) -> Iterator[Finding]:
        for n in (1000, 100):
            yield from self._value(3, "gain_low", f"ml-{n}", "30 dB")
            yield from self._difference(3, "gain_low", f"ml-{n}", f"uniform-{n}", "about 5 dB", above=0)
            yield from self._difference(3, "gain_middle", f"ml-{n}", f"uniform-{n}", "below 0", below=0)
            yield from self._difference(
                3, "search_error", f"ml-{n}", f"uniform-{n}", "not lower", above=-_SAME_ERROR
            )

    def _evolutionary(self) -> Iterator[Finding]:
        for n in (1000, 100):
            key = f"evolutionary-{n}"
            yield from self._value(4, "gain_low", key, "50 dB")
            yield from self._difference(4, "gain_low", key, "uniform-all", "about 0", above=-_SAME_GAIN)
            yield from self._ratio(
                4, "proposed_error_range", key, "uniform-all", "slightly above 1", below=1.5
            )

    def _split(self) -> Iterator[Finding]:
        for n in (1000, 100):
            for part, bounds in {"pool": {"below": 0.0}, "predictor": {"above": 0.0}}.items():
                for target in ("middle", "hundred"):
                    yield from self._change(5, f"{part}_gain", target, f"evolutionary-{n}", **bounds)

    def _convergence(self) -> Iterator[Finding]:
        same = {"above": -_SAME_ERROR, "below": _SAME_ERROR}
        for n in (1000, 100):
            for kind in ("search_error", "report_error"):
                yield from self._difference(6, kind, f"evolutionary-{n}", "uniform-all", "about 0", **same)
        order = ("uniform-all", "evolutionary-1000", "evolutionary-100", "uniform-1000", "uniform-100")
        for key in order:
            yield from self._oracle(6, key, all_runs=key not in ("uniform-1000", "uniform-100"))
            yield from self._value(6, "rank", key, "")

    def _cost(self) -> Iterator[Finding]:
        for n in (1000, 100):
            for measure in ("candidates_per_iteration", "seconds_per_iteration"):
                key = f"evolutionary-{n}"
                yield from self._ratio(7, measure, key, "uniform-all", "well below 1", below=0.5)

    def _beyond(self) -> Iterator[Finding]:
        for kind in ("average_search_error", "short_search_error", "search_error"):
            yield from self._difference(8, kind, "mutation", "evolutionary-100", "", above=0)
        for key in ("default", *SENSITIVITY):
            yield from self._difference(8, "average_search_error", key, "evolutionary-1000", "")

    def _predictors(self) -> Iterator[Finding]:
        table = self.results.comparisons
        if not len(table):
            return
        index = ["run", "source", "iteration"]
        wide = table.pivot_table(index=index, columns="predictor")
        measures = {"kendall_tau": 1, "kendall_tau_best_tenth": 1, "error_of_top_20": -1}
        for measure, sign in measures.items():
            # One difference per run: training sets of one run are not independent of each other.
            difference = (wide[measure, "fast"] - wide[measure, "paper"]).groupby("run").mean()
            value = estimate(difference)
            bounds = {"above": 0.0} if sign > 0 else {"below": 0.0}
            name = f"{measure}, fast minus paper's predictor"
            p = paired_p(difference, np.zeros(len(difference)))
            yield Finding(9, name, "", *value, p, verdict(value, **bounds))

    # ---------------------------------------------------------------------------- their ingredients

    def _has(self, *keys: str) -> bool:
        return all(self.results.n_runs(key) for key in keys)

    def _value(self, claim: int, measure: str, key: str, paper: str) -> Iterator[Finding]:
        """Yield the mean of a measure; it is judged in the differences."""
        if self._has(key):
            value = estimate(self.numbers.loc[key][measure])
            yield Finding(claim, f"{self._name(measure)}, {self._label(key)}", paper, *value, np.nan, "")

    def _difference(
        self, claim: int, measure: str, key: str, other: str, paper: str, **bounds: float
    ) -> Iterator[Finding]:
        """Yield the mean difference between runs that started alike."""
        if self._has(key, other):
            a, b = self._pairs(measure, key, other)
            value = estimate(a - b)
            name = f"{self._name(measure)}, {self._label(key)} minus {self._label(other)}"
            judged = verdict(value, **bounds) if bounds else ""
            yield Finding(claim, name, paper, *value, paired_p(a, b), judged)

    def _ratio(
        self, claim: int, measure: str, key: str, other: str, paper: str, below: float
    ) -> Iterator[Finding]:
        """Yield the mean ratio between runs that started alike."""
        if self._has(key, other):
            a, b = self._pairs(measure, key, other)
            value = estimate(a / b)
            name = f"{self._name(measure)}, {self._label(key)} over {self._label(other)}"
            p = paired_p(np.log(a), np.log(b))
            yield Finding(claim, name, paper, *value, p, verdict(value, below=below))

    def _change(self, claim: int, measure: str, target: str, key: str, **bounds: float) -> Iterator[Finding]:
        """Yield how much a gain changes from a target to the low one."""
        if self._has(key):
            numbers, J = self.numbers.loc[key], self.results.targets
            low, higher = numbers[f"{measure}_low"], numbers[f"{measure}_{target}"]
            value = estimate(low - higher)
            places = f"at {J['low']:.4g} minus at {J[target]:.4g}"
            name = f"{measure.replace('_', ' ')}, dB, {self._label(key)}, {places}"
            paper = "below 0" if "below" in bounds else "above 0"
            yield Finding(claim, name, paper, *value, paired_p(low, higher), verdict(value, **bounds))

    def _oracle(self, claim: int, key: str, all_runs: bool) -> Iterator[Finding]:
        """Yield the share of runs that found the validation oracle, with its exact binomial interval."""
        if self._has(key):
            found = self.numbers.loc[key]["oracle_found_after"].notna()
            interval = stats.binomtest(int(found.sum()), len(found)).proportion_ci(method="exact")
            name = f"share of runs that find the validation oracle, {self._label(key)}"
            paper = "1" if all_runs else "below 1"
            judged = HELD if bool(found.all()) == all_runs else FAILED
            if len(found) < FEWEST:
                judged = f"{OPEN}: {len(found)} run{'s' * (len(found) != 1)}"
            low, high = float(interval.low), float(interval.high)
            yield Finding(claim, name, paper, float(found.mean()), low, high, len(found), np.nan, judged)

    def _pairs(self, measure: str, key: str, other: str) -> tuple[pd.Series, pd.Series]:
        both = self.numbers.loc[[key, other]][measure].unstack("method").dropna()
        return both[key], both[other]

    def _label(self, key: str) -> str:
        return self.results.methods[key].label

    def _name(self, measure: str) -> str:
        """Return what a measure is called, with its unit and target."""
        J = self.results.targets
        names = {
            "gain_low": f"gain at {J['low']:.4g}, dB",
            "batch_gain_low": f"gain at {J['low']:.4g} with C of one iteration, dB",
            "gain_middle": f"gain at {J['middle']:.4g}, dB",
            "search_error": "final validation error, %",
            "report_error": "final test error, %",
            "short_search_error": f"validation error after {self.results.short} evaluations, %",
            "average_search_error": f"validation error, average over {self.results.short} evaluations, %",
            "rank": "rank by validation of the best architecture found",
            "proposed_error_range": "interquartile range of q(J_v)",
            "candidates_per_iteration": "candidates scored per iteration",
            "seconds_per_iteration": "seconds per iteration",
        }
        return names[measure]
