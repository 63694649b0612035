"""Studies that are no cells: what an objective suggests, and its value; higher is better.

Parameters are suggested one by one, as users write it. The same parameters always have the same value: it is
computed, looked up, or comes of a training of milliseconds with a seed of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from optuna.trial import BaseTrial
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from benchmarks.harness import data_file

Objective = Callable[[BaseTrial], float]
Values = dict[tuple[Any, ...], float]

# -------------------------------------------------------------------------------- tables of real networks


@cache
def _macro() -> Values:
    with np.load(data_file("nasbench_macro.npz")) as table:
        accuracy = table["test_accuracy"].mean(axis=1)
        return dict(zip(map(tuple, table["choices"].tolist()), accuracy.tolist(), strict=True))


def macro(trial: BaseTrial) -> float:
    """Eight blocks of three kinds; the mean test accuracy of NAS-Bench-Macro, percent."""
    return _macro()[tuple(trial.suggest_categorical(f"block_{k}", [0, 1, 2]) for k in range(8))]


@cache
def _cells(file: str, column: str) -> tuple[Values, list[str]]:
    """Return the values of cells by the operations on their six edges, and all operations."""
    with np.load(data_file(file)) as table:
        cells = [tuple(re.findall(r"([\w]+)~", text)) for text in table["architecture"].tolist()]
        values = dict(zip(cells, table[column].astype(float).tolist(), strict=True))
    return values, sorted({operation for cell in cells for operation in cell})


def _edges(trial: BaseTrial, values: Values, operations: list[str]) -> float:
    return values[tuple(trial.suggest_categorical(f"edge {k}", operations) for k in range(6))]


def nasbench201(trial: BaseTrial) -> float:
    """Six edges with five operations, without the graph; the validation accuracy on CIFAR-10, percent."""
    return _edges(trial, *_cells("nasbench201_cifar10_valid.npz", "validation_accuracy"))


def transnas(trial: BaseTrial) -> float:
    """Six edges with four operations, without the graph; TransNAS-Bench's classes of objects."""
    return _edges(trial, *_cells("transnas_micro.npz", "class_object"))


@cache
def _fbnet() -> NDArray[np.float64]:
    """Return what each of the 9 kinds of 22 layers adds to the latency on two devices, of a mean of 1.

    The table's latencies are sums over layers to the last digit; these are the summands.
    """
    with np.load(data_file("fbnet_latency.npz")) as table:
        chosen = (table["choices"][:, :, None] == np.arange(9)).reshape(len(table["choices"]), -1)
        latencies = np.stack([table["latency_raspi4"], table["latency_pixel3"]], axis=1)
    summands = np.linalg.lstsq(chosen.astype(float), latencies / latencies.mean(axis=0), rcond=None)[0]
    return summands.reshape(22, 9, 2)


def fbnet(trial: BaseTrial) -> float:
    """22 layers of nine kinds: meet the mean latency on a Raspberry Pi 4, with the least on a Pixel 3."""
    layers = [trial.suggest_categorical(f"layer_{k}", list(range(9))) for k in range(22)]
    here, there = _fbnet()[np.arange(22), layers].sum(axis=0)
    return -float(abs(here - 1) + there)


# ------------------------------------------------------------------------------------ formulas of numbers

_A = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
_P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann(trial: BaseTrial) -> float:
    """Six floats; the Hartmann function, with a highest value of 3.322."""
    x = np.array([trial.suggest_float(f"x{k}", 0, 1) for k in range(6)])
    return float(np.array([1, 1.2, 3, 3.2]) @ np.exp(-(_A * (x - _P) ** 2).sum(axis=1)))


def ackley(trial: BaseTrial) -> float:
    """Five floats; minus the Ackley function, with its optimum beside the middle."""
    x = np.array([trial.suggest_float(f"x{k}", -5, 10) for k in range(5)])
    first = 20 * np.exp(-0.2 * np.sqrt((x**2).mean()))
    return float(first + np.exp(np.cos(2 * np.pi * x).mean()) - 20 - np.e)


def levy(trial: BaseTrial) -> float:
    """Four floats; minus the Levy function."""
    w = 1 + (np.array([trial.suggest_float(f"x{k}", -7, 10) for k in range(4)]) - 1) / 4
    inner = ((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:-1] + 1) ** 2)).sum()
    last = (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)
    return -float(np.sin(np.pi * w[0]) ** 2 + inner + last)


def mixed(trial: BaseTrial) -> float:
    """Rate and width on logarithmic scales, an optimizer, a depth and a dropout that depend on each other."""
    rate, width = (
        trial.suggest_float("rate", 1e-5, 1, log=True),
        trial.suggest_int("width", 8, 1024, log=True),
    )
    optimizer = trial.suggest_categorical("optimizer", ["sgd", "adam", "rmsprop", "lion"])
    depth, dropout = trial.suggest_int("depth", 1, 8), trial.suggest_float("dropout", 0, 0.5)
    best, offset = {"sgd": (-1, 0.15), "adam": (-3, 0), "rmsprop": (-3.3, 0.25), "lion": (-4, 0.1)}[optimizer]
    size = np.log2(width * depth)
    value = 0.5 * (np.log10(rate) - best + 0.1 * (depth - 4)) ** 2 + 0.08 * (size - 9.5) ** 2
    return -float(offset + value + 0.03 * (depth - 5) ** 2 + 4 * (dropout - 0.06 * (size - 6)) ** 2)


def mixed_to_choose(trial: BaseTrial) -> float:
    """Three floats, a number and two categories; like :func:`mixed`, but to choose settings on."""
    kernel, scaled = (
        trial.suggest_categorical("kernel", list("abcde")),
        trial.suggest_categorical("s", [0, 1]),
    )
    c, gamma = trial.suggest_float("c", 1e-3, 1e3, log=True), trial.suggest_float("g", 1e-4, 10, log=True)
    degree, share = trial.suggest_int("degree", 1, 6), trial.suggest_float("share", 0, 1)
    offset, best = {"a": (0, -1), "b": (0.2, 0), "c": (0.1, -2), "d": (0.4, 0.5), "e": (0.3, -3)}[kernel]
    bump = np.exp(-0.4 * (np.log10(c) - 1 + best) ** 2 - 0.3 * (np.log10(gamma) - best) ** 2)
    return float(bump * (1 - 0.05 * (degree - 3) ** 2) * (1 - (share - 0.3) ** 2) - offset - 0.1 * scaled)


# ----------------------------------------------------------------------------------- classifiers of digits


@cache
def digits() -> list[NDArray[np.float64]]:
    images, labels = load_digits(return_X_y=True)
    return train_test_split(images / 16, labels, train_size=300, test_size=700, random_state=0)


def _accuracy(model: Any) -> float:
    X, X_test, y, y_test = digits()
    return 100 * float(model.fit(X, y).score(X_test, y_test))


def support_vectors(trial: BaseTrial) -> float:
    """C, gamma, a kernel, a degree and a constant of support vectors on digits; accuracy in percent."""
    return _accuracy(
        SVC(
            C=trial.suggest_float("C", 1e-3, 1e3, log=True),
            gamma=trial.suggest_float("gamma", 1e-5, 10, log=True),
            kernel=trial.suggest_categorical("kernel", ["rbf", "poly", "sigmoid"]),
            degree=trial.suggest_int("degree", 2, 6),
            coef0=trial.suggest_float("coef0", -1, 1),
        )
    )


# -------------------------------------------------------------------------------- conditional parameters


def layers(trial: BaseTrial) -> float:
    """One to six layers, each with a width and a kernel of its own: a formula of capacity and cost."""
    depth = trial.suggest_int("depth", 1, 6)
    widths = [trial.suggest_int(f"width_{k}", 8, 256, log=True) for k in range(depth)]
    kernels = [trial.suggest_categorical(f"kernel_{k}", [3, 5, 7]) for k in range(depth)]
    fit = sum(
        1 - 0.25 * (np.log2(width) - 4.5 - 0.5 * k) ** 2 - 0.15 * (kernel != (5 if k < 2 else 3))
        for k, (width, kernel) in enumerate(zip(widths, kernels, strict=True))
    )
    return float(fit - 0.12 * depth**2)


def optimizers(trial: BaseTrial) -> float:
    """Three optimizers with parameters of their own beside a rate and a decay that all have: a formula."""
    rate = np.log10(trial.suggest_float("rate", 1e-5, 1, log=True))
    decay = np.log10(trial.suggest_float("decay", 1e-6, 1e-1, log=True))
    value = -0.1 * (decay + 3.5) ** 2
    kind = trial.suggest_categorical("optimizer", ["sgd", "adam", "lbfgs"])
    if kind == "sgd":
        momentum, nesterov = trial.suggest_float("momentum", 0, 0.99), trial.suggest_categorical("n", [0, 1])
        value -= 0.4 * (rate + 1 + 1.5 * momentum) ** 2 + 3 * (momentum - 0.85) ** 2 - 0.1 * nesterov
    elif kind == "adam":
        beta, epsilon = (
            trial.suggest_float("beta", 0.5, 0.999),
            trial.suggest_float("eps", 1e-9, 1e-2, log=True),
        )
        value -= 0.5 * (rate + 3.2) ** 2 + 8 * (beta - 0.9) ** 2 + 0.02 * (np.log10(epsilon) + 6) ** 2 - 0.05
    else:
        history, search = (
            trial.suggest_int("history", 1, 30),
            trial.suggest_categorical("search", list("abc")),
        )
        value -= 0.05 * rate**2 + 0.004 * (history - 12) ** 2 + {"a": 0.3, "b": 0.2, "c": 0.5}[search]
    return float(value)


def classifiers(trial: BaseTrial) -> float:
    """Four classifiers with parameters of their own, on digits; accuracy in percent."""
    kind = trial.suggest_categorical("classifier", ["svm", "neighbors", "ridge", "tree"])
    if kind == "svm":
        kernel = trial.suggest_categorical("kernel", ["rbf", "poly", "sigmoid"])
        C, gamma = (
            trial.suggest_float(n, *r, log=True) for n, r in {"C": (0.001, 1e3), "g": (1e-5, 10)}.items()
        )
        degree = trial.suggest_int("degree", 2, 6) if kernel == "poly" else 3
        return _accuracy(SVC(C=C, gamma=gamma, kernel=kernel, degree=degree))
    if kind == "neighbors":
        n, weights = (
            trial.suggest_int("n", 1, 50),
            trial.suggest_categorical("weights", ["uniform", "distance"]),
        )
        return _accuracy(KNeighborsClassifier(n, weights=weights, p=trial.suggest_categorical("p", [1, 2])))
    if kind == "ridge":
        return _accuracy(RidgeClassifier(trial.suggest_float("alpha", 1e-4, 1e4, log=True)))
    depth, leaf = trial.suggest_int("max_depth", 1, 20), trial.suggest_int("leaf", 1, 30)
    return _accuracy(DecisionTreeClassifier(max_depth=depth, min_samples_leaf=leaf, random_state=0))


@cache
def _perceptrons() -> Values:
    lines = pd.read_csv(Path(__file__).with_name("perceptrons.csv"), dtype=str)
    names = ["widths", "solver", "momentum", "rate", "decay"]
    return dict(
        zip(lines[names].itertuples(index=False, name=None), lines["accuracy"].astype(float), strict=True)
    )


def perceptrons(trial: BaseTrial) -> float:
    """Multilayer perceptrons on digits, of one or two layers, with momentum where the solver has one."""
    depth = trial.suggest_int("depth", 1, 2)
    widths = "-".join(str(trial.suggest_categorical(f"width_{k}", [4, 8, 16, 32, 64])) for k in range(depth))
    solver = trial.suggest_categorical("solver", ["sgd", "adam"])
    momentum = trial.suggest_categorical("momentum", [0, 0.5, 0.9]) if solver == "sgd" else 0
    rate = trial.suggest_categorical("rate", [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1])
    decay = trial.suggest_categorical("decay", [0.0001, 0.1, 1])
    return _perceptrons()[widths, solver, str(momentum), str(rate), str(decay)]


def optional_blocks(trial: BaseTrial) -> float:
    """Eight blocks of NAS-Bench-Macro that may be left out, and are of two kinds where they are not."""
    blocks = []
    for k in range(8):
        used = trial.suggest_categorical(f"use_{k}", [False, True])
        blocks.append(trial.suggest_categorical(f"block_{k}", [1, 2]) if used else 0)
    return _macro()[tuple(blocks)]


def groups_to_choose(trial: BaseTrial) -> float:
    """Three levels of parameters, to choose settings on: a formula."""
    shared, kind = (
        trial.suggest_float("shared", 0, 1),
        trial.suggest_categorical("kind", ["a", "b", "c", "d"]),
    )
    at = {"a": 0.2, "b": 0.5, "c": 0.9, "d": 0.7}[kind]
    value = {"a": 0.0, "b": 0.1, "c": 0.15, "d": -0.1}[kind] - 2 * (shared - at) ** 2
    if kind in "ab":
        x, y = trial.suggest_float(f"x_{kind}", 0, 1), trial.suggest_float(f"y_{kind}", 0, 1)
        value -= 2 * (x - shared) ** 2 + (y - 0.3) ** 2
    if kind in "bc":
        n = trial.suggest_int("n", 1, 4)
        value -= sum((trial.suggest_float(f"z_{k}", 0, 1) - 0.2 * (k + 1)) ** 2 for k in range(n)) - 0.08 * n
    return float(value)


GENERAL: dict[str, Objective] = {
    "NAS-Bench-Macro": macro,
    "NAS-Bench-201": nasbench201,
    "FBNet": fbnet,
    "Hartmann 6": hartmann,
    "mixed": mixed,
    "support vectors": support_vectors,
    "classifiers": classifiers,
    "layers": layers,
}
CONDITIONAL: dict[str, Objective] = {
    "layers": layers,
    "optimizers": optimizers,
    "classifiers": classifiers,
    "perceptrons": perceptrons,
    "optional blocks": optional_blocks,
}
TO_CHOOSE: dict[str, Objective] = {
    "TransNAS": transnas,
    "Ackley 5": ackley,
    "Levy 4": levy,
    "mixed to choose": mixed_to_choose,
    "groups": groups_to_choose,
}
ALL = GENERAL | CONDITIONAL | TO_CHOOSE
