"""Train every network of a small space once on eight data sets that come with packages.

Multilayer perceptrons of one to three layers of 8, 24 or 64, two activations and four learning rates, 312 in
all: Adam, batches of 64, 18 epochs, seed 0. The data are those of ``skpbnas.nn.load_data``, 60 % for
training, 20 % for validation and 20 % for testing; images and series are flattened, and of MNIST every third
image is trained on, at half of its size. Networks of equal depth are trained at once, as one batched product:
narrower layers are filled up by zeros, which have no gradient. All searches of the page look up this table,
so that they can have many seeds.
"""

from __future__ import annotations

from time import process_time
from typing import Any

import pandas as pd
import torch
from torch.nn.functional import avg_pool2d, cross_entropy

from benchmarks.harness import Experiment, grid
from skpbnas.nn import Data, load_data

from ._networks import DATA, EPOCHS, N_LAYERS, NETWORKS, RATES, WIDTHS, text

_BATCH = 64
_BETAS, _EPSILON = (0.9, 0.999), 1e-8  # of Adam

Parameters = list[tuple[torch.Tensor, torch.Tensor]]  # weights (n, inputs, outputs), biases (n, 1, outputs)


def run(data: str) -> list[dict[str, Any]]:
    """Train all networks on a data set."""
    parts, n_classes = _flat(data)
    lines = []
    for depth in range(1, N_LAYERS + 1):
        networks = [network for network in NETWORKS if len(network[0]) == depth]
        lines += _trained(parts, n_classes, networks)
    return lines


def _flat(name: str) -> tuple[Data, int]:
    data = load_data(name)
    if name == "mnist":
        small = [(avg_pool2d(X, 2), y) for X, y in (data.train, data.validation, data.test)]
        small[0] = small[0][0][::3], small[0][1][::3]
        data = Data(small[0], small[1], small[2], data.n_outputs)
    parts = [(X.flatten(1), y) for X, y in (data.train, data.validation, data.test)]
    return Data(parts[0], parts[1], parts[2], data.n_outputs), data.n_outputs


def _trained(data: Data, n_classes: int, networks: list[Any]) -> list[dict[str, Any]]:
    start = process_time()
    X, y = data.train
    is_relu = torch.tensor([activation == "relu" for _, activation, _ in networks])[:, None, None]
    rates = torch.tensor([RATES[rate] for _, _, rate in networks])[:, None, None]
    layers = _initial(networks, X.shape[1], n_classes)
    flat = [tensor.requires_grad_() for layer in layers for tensor in layer]
    moments = [(torch.zeros_like(tensor), torch.zeros_like(tensor)) for tensor in flat]
    generator, step, losses = torch.Generator().manual_seed(0), 0, {}
    for epoch in range(1, EPOCHS[-1] + 1):
        for batch in torch.randperm(len(X), generator=generator).split(_BATCH):
            loss = _losses(_outputs(layers, is_relu, X[batch]), y[batch]).sum()
            step += 1
            _adam(flat, torch.autograd.grad(loss, flat), moments, rates, step)
        if epoch in EPOCHS:
            with torch.no_grad():
                losses[epoch] = _losses(_outputs(layers, is_relu, data.validation[0]), data.validation[1])
    with torch.no_grad():
        outputs = _outputs(layers, is_relu, data.test[0])
    right = (outputs.argmax(dim=2) == data.test[1]).float().mean(dim=1)
    columns = {f"loss_{epoch}": values.tolist() for epoch, values in losses.items()}
    columns |= {"test_loss": _losses(outputs, data.test[1]).tolist(), "test_accuracy": right.tolist()}
    seconds = (process_time() - start) / len(networks)
    return [
        {"widths": text(widths), "activation": activation, "rate": rate}
        | {name: values[k] for name, values in columns.items()}
        | {"seconds": seconds}
        for k, (widths, activation, rate) in enumerate(networks)
    ]


def _initial(networks: list[Any], n_inputs: int, n_classes: int) -> Parameters:
    """Return PyTorch's usual weights, the same for all networks with the same layers."""
    sizes = [n_inputs] + [max(WIDTHS)] * len(networks[0][0]) + [n_classes]
    layers = []
    for place, (inputs, outputs) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        weights, biases = torch.zeros(len(networks), inputs, outputs), torch.zeros(len(networks), 1, outputs)
        for k, (widths, _, _) in enumerate(networks):
            own = (n_inputs, *widths, n_classes)[place : place + 2]
            generator, bound = torch.Generator().manual_seed(place), own[0] ** -0.5
            weights[k, : own[0], : own[1]].uniform_(-bound, bound, generator=generator)
            biases[k, 0, : own[1]].uniform_(-bound, bound, generator=generator)
        layers.append((weights, biases))
    return layers


def _outputs(layers: Parameters, is_relu: torch.Tensor, X: torch.Tensor) -> torch.Tensor:
    """Return the outputs ``(n_networks, n, n_classes)``."""
    hidden = X[None]
    for weights, biases in layers[:-1]:
        before = hidden @ weights + biases
        hidden = torch.where(is_relu, before.relu(), before.tanh())
    return hidden @ layers[-1][0] + layers[-1][1]


def _losses(outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    n, size, _ = outputs.shape
    return cross_entropy(outputs.flatten(0, 1), y.repeat(n), reduction="none").reshape(n, size).mean(dim=1)


@torch.no_grad()
def _adam(flat: list[Any], gradients: Any, moments: list[Any], rates: torch.Tensor, step: int) -> None:
    scales = [1 - beta**step for beta in _BETAS]
    for tensor, gradient, (first, second) in zip(flat, gradients, moments, strict=True):
        first.lerp_(gradient, 1 - _BETAS[0])
        second.lerp_(gradient**2, 1 - _BETAS[1])
        tensor -= rates * (first / scales[0]) / ((second / scales[1]).sqrt() + _EPSILON)


def data_sets(results: pd.DataFrame) -> pd.DataFrame:
    """Return what the space holds for each data set."""
    by_data = results.groupby("data", sort=False)
    best = results.loc[by_data["loss_18"].idxmin()].set_index("data")
    return pd.DataFrame(
        {
            "networks": by_data.size().astype(str),
            "median validation loss": by_data["loss_18"].median().map("{:.3f}".format),
            "best": by_data["loss_18"].min().map("{:.3f}".format),
            "its layers": best["widths"].astype(str).str.replace(" ", ", "),
            "its test accuracy, %": (100 * best["test_accuracy"]).map("{:.1f}".format),
            "best test accuracy, %": (100 * by_data["test_accuracy"].max()).map("{:.1f}".format),
        }
    ).rename_axis("Data")


EXPERIMENT = Experiment(__file__, tables={"data_sets": data_sets}, jobs=grid(data=DATA), run=run)
