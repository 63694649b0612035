"""A table of multilayer perceptrons on scikit-learn's digits, for studies with parameters that some lack.

One or two hidden layers, two solvers, of which one has a momentum, six rates and three decays: 2,160
perceptrons, each trained once, with seed 0, for 25 epochs on 300 images; accuracy on 700 others.
"""

from __future__ import annotations

import warnings

import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.harness import Experiment, decimals, grid

from ._problems import digits

WIDTHS = (4, 8, 16, 32, 64)
SOLVERS = (("sgd", 0), ("sgd", 0.5), ("sgd", 0.9), ("adam", 0))


def run(widths: str, solver: str, momentum: float, rate: float, decay: float) -> dict[str, float]:
    """Train one."""
    X, X_test, y, y_test = digits()
    model = MLPClassifier(
        tuple(map(int, widths.split("-"))),
        solver=solver,
        momentum=momentum,
        learning_rate_init=rate,
        alpha=decay,
        batch_size=50,
        max_iter=25,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return {"accuracy": 100 * float(model.fit(X, y).score(X_test, y_test))}


def spread(results: pd.DataFrame) -> pd.DataFrame:
    """Return how the accuracies are distributed, by solver."""
    groups = results.groupby("solver")["accuracy"]
    quantiles = {"Median": 0.5, "Best tenth": 0.9, "Best": 1.0}
    table = {name: groups.quantile(q).map(decimals(1)) for name, q in quantiles.items()}
    return pd.DataFrame({"Perceptrons": groups.size(), **table}).rename_axis("Solver")


EXPERIMENT = Experiment(
    __file__,
    tables={"perceptrons": spread},
    jobs=[
        {"widths": widths, "solver": solver, "momentum": momentum, "rate": rate, "decay": decay}
        for widths in [str(w) for w in WIDTHS] + [f"{a}-{b}" for a in WIDTHS for b in WIDTHS]
        for solver, momentum in SOLVERS
        for rate, decay in [
            tuple(job.values())
            for job in grid(rate=(3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1), decay=(1e-4, 0.1, 1))
        ]
    ],
    run=run,
)
