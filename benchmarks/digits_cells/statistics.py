"""What the bundled table of digits cells is like."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.harness import Experiment, decimals
from skpbnas.datasets import load_digits_cells
from skpbnas.metrics import kendall_tau

N_REPEATS = 3
DECIMALS = {"accuracy": 3, "tau": 3, "deviation": 3, "count": 0, "seconds": 2, "top accuracy": 4}


def run(table: str) -> list[dict[str, str | float]]:
    """Return the values of each statistic, and the kind of number that it is."""
    columns = load_digits_cells().columns

    def repeats(name: str) -> NDArray:
        return np.array([columns[f"{name}_{repeat}"] for repeat in range(N_REPEATS)])

    validation, seconds = repeats("validation_accuracy"), repeats("training_seconds")
    mean, test = columns["validation_accuracy"], columns["test_accuracy"]
    best = mean >= np.quantile(mean, 0.99)
    spread = validation.std(axis=0, ddof=1)
    by_validation = np.argsort(-mean, kind="stable")
    lines: dict[str, tuple[str, NDArray | list[float]]] = {
        "Correlation of the validation accuracy between two repeats": (
            "tau",
            np.corrcoef(validation)[np.triu_indices(N_REPEATS, 1)],
        ),
        "Kendall's :math:`\\tau` of the validation accuracy between two repeats": (
            "tau",
            [kendall_tau(validation[0], validation[1])],
        ),
        "Standard deviation between repeats: mean of all cells, of the best hundredth": (
            "deviation",
            [spread.mean(), spread[best].mean()],
        ),
        "Kendall's :math:`\\tau` between mean validation and mean test accuracy": (
            "tau",
            [kendall_tau(test, mean)],
        ),
        "The same within the best half, and within the best tenth by validation": (
            "tau",
            [kendall_tau(test[top], mean[top]) for top in (mean >= np.quantile(mean, q) for q in (0.5, 0.9))],
        ),
        "Kendall's :math:`\\tau` between mean validation accuracy at half and at full training": (
            "tau",
            [kendall_tau(mean, columns["half_validation_accuracy"])],
        ),
        "Mean validation accuracy: worst, median, best tenth from, best hundredth from, best": (
            "accuracy",
            np.quantile(mean, [0, 0.5, 0.9, 0.99, 1]),
        ),
        "The ten best mean validation accuracies": ("top accuracy", mean[by_validation[:10]]),
        "Mean test accuracy: best, and of the two best cells by validation": (
            "accuracy",
            [test.max(), *test[by_validation[:2]]],
        ),
        "Trainable parameters: least, median, most": (
            "count",
            np.quantile(columns["trainable_parameters"], [0, 0.5, 1]),
        ),
        "Seconds of a training on one core: median": ("seconds", [np.median(seconds)]),
        "Seconds of all trainings": ("count", [seconds.sum()]),
        "Trainings of more than five seconds": ("count", [(seconds > 5).sum()]),
    }
    return [
        {"statistic": name, "kind": kind, "value": float(value)}
        for name, (kind, values) in lines.items()
        for value in values
    ]


def statistics(results: pd.DataFrame) -> pd.DataFrame:
    """Return each statistic with its values in a row."""
    values = [
        decimals(DECIMALS[kind])(value) for kind, value in zip(results["kind"], results["value"], strict=True)
    ]
    lines = results.assign(Value=values).groupby("statistic", sort=False)["Value"].agg(", ".join)
    return lines.to_frame().rename_axis("Statistic")


EXPERIMENT = Experiment(
    __file__, tables={"statistics": statistics}, jobs=[{"table": "digits cells"}], run=run
)
