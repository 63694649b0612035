"""The data sets, the space of networks, and an estimator that looks up what its training gave."""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

DATA = (
    "wine",
    "iris",
    "basic_motions",
    "breast_cancer",
    "italy_power_demand",
    "digits",
    "japanese_vowels",
    "mnist",
)
N_TEST = {  # examples of the test part
    "wine": 36,
    "iris": 30,
    "basic_motions": 16,
    "breast_cancer": 114,
    "italy_power_demand": 220,
    "digits": 360,
    "japanese_vowels": 128,
    "mnist": 1000,
}
WIDTHS, N_LAYERS = (8, 24, 64), 3
ACTIVATIONS = ("relu", "tanh")
RATES = (0.001, 0.003, 0.01, 0.03)
EPOCHS = (2, 6, 18)  # after which a training is measured; the last is its end
TRAININGS = Path(__file__).with_name("trainings.csv")

LAYERS = [widths for n in range(1, N_LAYERS + 1) for widths in product(WIDTHS, repeat=n)]
NETWORKS = list(product(LAYERS, ACTIVATIONS, range(len(RATES))))


def text(widths: tuple[int, ...]) -> str:
    """Return widths as they stand in a file."""
    return " ".join(map(str, widths))


@cache
def trained(data: str) -> dict[tuple[str, str, int], Any]:
    """Return what every network of the space gave on a data set."""
    lines = pd.read_csv(TRAININGS, dtype={"widths": str})
    lines = lines[lines["data"] == data]
    if len(lines) < len(NETWORKS):
        raise FileNotFoundError(
            f"{TRAININGS.name} has {len(lines)} of {len(NETWORKS)} networks of {data}: "
            f"python -m benchmarks own_data/trainings --only data={data}"
        )
    return {(line.widths, line.activation, line.rate): line for line in lines.itertuples(index=False)}


@cache
def losses(data: str) -> np.ndarray:
    """Return the validation losses of all networks, sorted."""
    return np.sort([line.loss_18 for line in trained(data).values()])


class Network(BaseEstimator):
    """A multilayer perceptron that was trained before: ``score`` is minus its loss on the validation data.

    Parameters
    ----------
    data : str
    hidden_layer_sizes : tuple of int
    activation : str
    rate : int
        Number of the learning rate in ``RATES``.
    """

    def __init__(
        self,
        data: str = "iris",
        hidden_layer_sizes: tuple[int, ...] = (64,),
        activation: str = "relu",
        rate: int = 0,
    ) -> None:
        self.data = data
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.rate = rate

    def fit(self, X: Any, y: Any = None) -> Network:
        """Look up the training."""
        self.training_ = trained(self.data)[text(self.hidden_layer_sizes), self.activation, self.rate]
        return self

    def score(self, X: Any = None, y: Any = None) -> float:
        """Return minus the loss on the validation data."""
        return -self.training_.loss_18
