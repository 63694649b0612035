"""Score the default predictor, or a change of it, over many tables at once.

Each predictor is fitted to n random rows of a table and ranks up to 5,000 others; Kendall's tau tells how
well, by the scores that count. All predictors see the same rows and the same targets, normal scores, and the
same settings serve all tables. The settings were chosen on seeds 0 to 5 of the tables in ``DEVELOPMENT``;
reported are seeds 100 to 109, of these and of the tables in ``ASIDE``, which chose nothing. The simple
predictors see a row as a table, which is one-hot for these spaces.

"before" is the default of commit ac43017, measured by this script with that commit's library in the path: of
a chain it saw the table, of all others the graph. To score a change, give it a name in ``PREDICTORS``, add
jobs with seeds below 100, and measure it: ``python -m benchmarks defaults/ranking --only predictor=NAME``.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from benchmarks.harness import Experiment, decimals, grid
from skpbnas._for_space import for_space
from skpbnas.metrics import kendall_tau
from skpbnas.predictors import GPRankPredictor
from skpbnas.predictors._normal_scores import NormalScores

from .tables import ASIDE, DEVELOPMENT, load

SIZES = (25, 50, 100, 400)
MOST_RANKED = 5_000


def _process() -> Any:
    kernel = ConstantKernel() * Matern(10.0, nu=2.5) + WhiteKernel(0.1)
    return make_pipeline(StandardScaler(), GaussianProcessRegressor(kernel, normalize_y=True))


def _boosted() -> Any:
    from xgboost import XGBRegressor

    return XGBRegressor(n_jobs=1)


PREDICTORS: dict[str, Any] = {
    "default": GPRankPredictor,
    "ridge": lambda: make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 4, 15))),
    "support vectors": lambda: make_pipeline(StandardScaler(), SVR(C=10, epsilon=0.01)),
    "scikit-learn's process": _process,
    "extra trees": lambda: ExtraTreesRegressor(100, random_state=0),
    "XGBoost": _boosted,
}


def run(seed: int, table: str, n: int, predictor: str) -> dict[str, Any]:
    """Fit a predictor to n rows, and rank others."""
    space, X, observed, true = load(table)
    order = np.random.default_rng(seed).permutation(len(X))
    train, rest = order[:n], order[n : n + MOST_RANKED]
    y = NormalScores(observed[train]).values
    model = for_space(PREDICTORS[predictor](), space, seed)
    start = perf_counter()
    model.fit(X[train], y)
    seconds = perf_counter() - start
    return {"kendall_tau": kendall_tau(true[rest], model.predict(X[rest])), "fit_seconds": seconds}


def by_table(results: pd.DataFrame) -> pd.DataFrame:
    """Means of the default, of the one before it, and of the best simple predictor at each size."""
    means = results.groupby(["table", "n", "predictor"])["kendall_tau"].mean().unstack()
    simple = means.drop(columns=["default", "before"], errors="ignore")
    text = decimals(3, leading_zero=False)
    columns: dict[str, pd.Series] = {}
    for n in SIZES:
        for name in [name for name in ("before", "default") if name in means]:
            columns[f"{name}, n = {n}"] = means.xs(n, level="n")[name].map(text)
        at_size = simple.xs(n, level="n")
        columns[f"best simple one, n = {n}"] = at_size.max(axis=1).map(text)
    return pd.DataFrame(columns).loc[[*DEVELOPMENT, *ASIDE]].rename_axis("Table")


def over_tables(results: pd.DataFrame) -> pd.DataFrame:
    """Mean rank among all predictors, and the most that is lost to the best one, over tables and sizes."""
    means = results.groupby(["table", "n", "predictor"])["kendall_tau"].mean().unstack()
    ranks, losses = means.rank(axis=1, ascending=False), means.rsub(means.max(axis=1), axis=0)
    aside = means.index.get_level_values("table").isin(ASIDE)
    parts = {"tables that chose": ~aside, "tables kept aside": aside}
    columns = {}
    for part, rows in parts.items():
        columns[f"mean rank, {part}"] = ranks[rows].mean().map(decimals(2))
        columns[f"most lost, {part}"] = losses[rows].max().map(decimals(3, leading_zero=False))
    order = ranks.mean().sort_values().index
    return pd.DataFrame(columns).loc[order].rename_axis("Predictor")


EXPERIMENT = Experiment(
    __file__,
    tables={"by_table": by_table, "over_tables": over_tables},
    jobs=grid(seed=range(100, 110), table=(*DEVELOPMENT, *ASIDE), n=SIZES, predictor=PREDICTORS),
    run=run,
    digits=5,
)
