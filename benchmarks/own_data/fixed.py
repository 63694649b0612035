"""A fixed strong network for each data set, chosen before any search was run, with three seeds.

Tables: a multilayer perceptron of two layers of 64 with batch normalisation. Images and series: a residual
convolutional network of two stages of 16 and 32 channels, one block each, kernels of 3 (images) or 7
(series), expansion 2. All by ``skpbnas.nn.train_network``: AdamW, warm-up and cosine, the weights of the best
of 40 epochs (tables and series) or 12 (images) on the validation data.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from torch import nn

from benchmarks.harness import Experiment, grid
from skpbnas.nn import MLP, Data, ResidualCNN, evaluate_network, load_data, train_network

from ._networks import DATA


def run(seed: int, data: str) -> dict[str, Any]:
    """Train the fixed network of a data set."""
    loaded = load_data(data)
    n_epochs = 12 if loaded.train[0].ndim == 4 else 40
    training = train_network(
        lambda: _network(loaded), loaded, n_epochs=n_epochs, patience=n_epochs, seed=seed
    )
    return {
        "validation_accuracy": training.score,
        "test_accuracy": evaluate_network(training.network, loaded.test),
    }


def _network(data: Data) -> nn.Module:
    shape = data.train[0].shape
    if len(shape) == 2:
        return MLP((64, 64), n_inputs=shape[1], n_outputs=data.n_outputs)
    dimensions = len(shape) - 2
    kernel = 3 if dimensions == 2 else 7
    return ResidualCNN(
        (1, 1),
        (16, 32),
        (kernel, kernel),
        (2, 2),
        in_channels=shape[1],
        n_outputs=data.n_outputs,
        dimensions=dimensions,
    )


def table(results: pd.DataFrame) -> pd.DataFrame:
    """Return the test accuracies."""
    by_data = results.groupby("data", sort=False)
    percent = 100 * by_data["test_accuracy"].agg(["mean", "sem"])
    return pd.DataFrame(
        {
            "seeds": by_data.size().astype(str),
            "test accuracy, %": [f"{mean:.1f} ± {error:.1f}" for mean, error in percent.to_numpy()],
        },
        index=percent.index,
    ).rename_axis("Data")


EXPERIMENT = Experiment(__file__, tables={"fixed": table}, jobs=grid(seed=range(3), data=DATA), run=run)
