"""Networks with shared weights against the same networks trained one by one: do they rank alike.

Two tasks: residual networks on scikit-learn's digits, and transformers on the bytes of Python's manual. For
each, 16 random architectures are trained separately, and scored with the weights of one super-network, each
with two seeds (text: one). The architecture that shared weights say is best is fine-tuned for a quarter of
the epochs. Seconds are those of a processor, not of a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import process_time
from typing import NamedTuple

import numpy as np
import pandas as pd
from torch import nn

from benchmarks.harness import Experiment, decimals, grid
from skpbnas.metrics import kendall_tau
from skpbnas.nn import (
    CausalTransformer,
    Data,
    ResidualCNN,
    evaluate_network,
    load_data,
    residual_cnn_space,
    train_network,
    train_supernetwork,
    transformer_space,
)
from skpbnas.spaces import SearchSpace

N_ARCHITECTURES = 16
SEEDS = {"digits": (0, 1), "text": (0,)}


class Task(NamedTuple):
    """A space, its networks, and the data that they are trained on."""

    space: SearchSpace
    largest: dict
    smallest: dict
    n_epochs: int
    build: Callable[[dict], nn.Module]
    data: Callable[[], Data]


TASKS = {
    "digits": Task(
        residual_cnn_space(2, depths=(1, 2), widths=(2, 4, 8, 16), kernels=(1, 3, 5), expansions=(1, 2)),
        {"depths": (2, 2), "widths": (16, 16), "kernels": (5, 5), "expansions": (2, 2)},
        {"depths": (1, 1), "widths": (2, 2), "kernels": (1, 1), "expansions": (1, 1)},
        12,
        lambda architecture: ResidualCNN(**architecture, in_channels=1),
        lambda: load_data("digits"),
    ),
    "text": Task(
        transformer_space(depths=(1, 2, 3), widths=(16, 32, 64), heads=(1, 2, 4), mlp_ratios=(1, 2, 4)),
        {"depth": 3, "width": 64, "heads": 4, "mlp_ratio": 4},
        {"depth": 1, "width": 16, "heads": 1, "mlp_ratio": 1},
        8,
        lambda architecture: CausalTransformer(**architecture),
        lambda: load_data("python_text", n_bytes=100_000),
    ),
}


def architectures(task: Task) -> list[dict]:
    """Return the same random architectures, each once, in every run."""
    X = task.space.sample(5 * N_ARCHITECTURES, np.random.default_rng(0))
    _, first = np.unique(task.space.canonical_key(X), return_index=True)
    return task.space.decode(X[np.sort(first)[:N_ARCHITECTURES]])


def run(task: str, weights: str, seed: int, part: int) -> list[dict]:
    """Train one architecture, or (part -1) a super-network that scores all of them."""
    settings, data = TASKS[task], TASKS[task].data()
    chosen = architectures(settings)
    train_network(lambda: settings.build(settings.smallest), data, n_epochs=1)  # what PyTorch loads at first
    start = process_time()
    if weights == "separate":
        training = train_network(
            lambda: settings.build(chosen[part]),
            data,
            n_epochs=settings.n_epochs,
            patience=settings.n_epochs,
            seed=seed,
        )
        return [_line(part, training.score, process_time() - start)]
    shared = train_supernetwork(
        settings.build,
        settings.space,
        data,
        largest=settings.largest,
        smallest=settings.smallest,
        n_epochs=2 * settings.n_epochs,
        seed=seed,
    )
    seconds = process_time() - start
    lines = [_line(k, shared.score(one, data), seconds) for k, one in enumerate(chosen)]
    best = max(lines, key=lambda line: line["score"])
    network = shared.subnetwork(chosen[best["architecture"]], data.train[0])
    tuned = train_network(network, data, n_epochs=settings.n_epochs // 4, learning_rate=1e-3, seed=seed)
    best["tuned"], best["tuned_test"] = tuned.score, evaluate_network(tuned.network, data.test)
    return lines


def _line(architecture: int, score: float, seconds: float) -> dict:
    return {
        "architecture": architecture,
        "score": score,
        "seconds": seconds,
        "tuned": np.nan,
        "tuned_test": np.nan,
    }


def agreement(results: pd.DataFrame) -> pd.DataFrame:
    """Kendall's tau between the rankings, and what came of the architecture that was chosen."""
    table = {}
    for task, of_task in results.groupby("task", sort=False):
        scores = of_task.pivot(index="architecture", columns=["weights", "seed"], values="score").dropna(
            axis=1
        )
        separate, shared = scores["separate"], scores["shared"]
        mean = separate.mean(axis=1)
        tuned = of_task.dropna(subset="tuned")
        tuned = tuned[tuned["seed"].isin(shared.columns)]
        between = kendall_tau(separate[0], separate[1]) if len(separate.columns) > 1 else np.nan
        seconds = of_task.groupby("weights")["seconds"].median()
        table[task] = {
            "networks": f"{len(scores)}",
            "seeds of separate trainings": f"{len(separate.columns)}",
            "Kendall's tau between two separate trainings": decimals(2)(between),
            "Kendall's tau between shared weights and the mean of separate trainings": _each(
                (kendall_tau(mean, shared[seed]) for seed in shared), 2
            ),
            "validation score, separate: median and best": _each([mean.median(), mean.max()], 3),
            "of the one that shared weights choose": _each(mean[tuned["architecture"]], 3),
            "of the same, fine-tuned from shared weights": _each(tuned["tuned"], 3),
            "seconds of one separate training, median": f"{seconds['separate']:.1f}",
            "seconds of the super-network": f"{seconds['shared']:.0f}",
        }
    return pd.DataFrame(table).rename_axis("")


def _each(values: Iterable[float], digits: int) -> str:
    return ", ".join(map(decimals(digits), values))


JOBS = [
    job
    for task, seeds in SEEDS.items()
    for seed in seeds
    for job in (
        *grid(task=[task], weights=["shared"], seed=[seed], part=[-1]),
        *grid(task=[task], weights=["separate"], seed=[seed], part=range(N_ARCHITECTURES)),
    )
]
EXPERIMENT = Experiment(__file__, tables={"shared_weights": agreement}, jobs=JOBS, run=run)
