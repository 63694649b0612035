"""Train a cell for real on scikit-learn's handwritten digits: a small stand-in for CIFAR-10."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn.functional import cross_entropy

from ...nn import nasbench101_network
from ...nn._cell_network import CellModule, CellNetwork
from ...nn._training import isolated
from ...spaces import Cell

N_EPOCHS = 18
N_IMAGES = {"train": 400, "validation": 600, "test": 797}
_BATCH_SIZE = 50
_STEM_CHANNELS, _N_STACKS = 16, 2
_LEARNING_RATE = 0.02
_NOISE = 0.2  # standard deviation of the noise on all images, in units of the full grey scale


def train_digits_cell(cell: Cell, seed: int = 0) -> dict[str, float]:
    """Train the network of one cell on the digits, from scratch.

    The network is NASBench-101's: a stem, two stacks of one cell with a max pooling between them, global
    mean pooling, and a linear output. 400 images are for training, 600 for validation and 797 for testing;
    the split and the noise on the images are the same for every cell and seed.

    A training runs on one thread, which is fastest for networks so small, so that the result does not
    depend on the number of cores. The threads of a process take turns; use processes to train in parallel.

    Parameters
    ----------
    cell : Cell
        With the operations of NASBench-101, in any order of its vertices: isomorphic cells are one network.
    seed : int, default=0
        Of the initial weights, the order of the images, and their shifts by at most one pixel.

    Returns
    -------
    dict of str to float
        ``train_accuracy``, ``validation_accuracy``, ``test_accuracy`` and the same with ``half_`` after half
        of the epochs, ``trainable_parameters`` and ``training_seconds``.

    Raises
    ------
    ValueError
        Where the cell has other operations, a cycle, or no path from its input to its output.
    """
    images, labels = _digits()
    with isolated(seed):
        network = _build(cell)
        optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-2)
        n_steps = N_EPOCHS * (N_IMAGES["train"] // _BATCH_SIZE)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LEARNING_RATE, total_steps=n_steps)
        result: dict[str, float] = {}
        start = perf_counter()  # not before: the first optimizer of a process imports half of PyTorch
        for epoch in range(1, N_EPOCHS + 1):
            _train_epoch(network, optimizer, schedule, images["train"], labels["train"])
            if epoch in (N_EPOCHS // 2, N_EPOCHS):
                prefix = "half_" if epoch < N_EPOCHS else ""
                for part in images:
                    result[f"{prefix}{part}_accuracy"] = _accuracy(network, images[part], labels[part])
        result["training_seconds"] = perf_counter() - start
    result["trainable_parameters"] = sum(parameter.numel() for parameter in network.parameters())
    return result


def _build(cell: Cell) -> CellNetwork:
    network = nasbench101_network(cell, in_channels=1, channels=_STEM_CHANNELS, n_stacks=_N_STACKS, n_cells=1)
    # nasbench-pytorch, with which the table was made, draws a number for each edge that is not there; without
    # them a seed would give other weights than those of the table.
    for module in network.modules():
        if isinstance(module, CellModule):
            torch.randn(2 + sum(0 not in parents for parents in module.parents[1:]))
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels
            nn.init.normal_(module.weight, std=(2 / fan_out) ** 0.5)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01)
            nn.init.zeros_(module.bias)
    return network


def _digits() -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Return the images ``(n, 1, 8, 8)`` and labels ``(n,)`` of the fixed split."""
    images, labels = load_digits(return_X_y=True)
    images = images / 16 + np.random.default_rng(0).normal(scale=_NOISE, size=images.shape)
    train, rest = _split(np.arange(len(labels)), labels, N_IMAGES["train"])
    validation, test = _split(rest, labels[rest], N_IMAGES["validation"])
    tensor = torch.tensor((images - images[train].mean()) / images[train].std(), dtype=torch.float32)
    parts = {"train": train, "validation": validation, "test": test}
    return (
        {name: tensor[index].reshape(-1, 1, 8, 8) for name, index in parts.items()},
        {name: torch.tensor(labels[index]) for name, index in parts.items()},
    )


def _split(index: NDArray, labels: NDArray, n: int) -> tuple[NDArray, NDArray]:
    first, second = train_test_split(index, train_size=n, stratify=labels, random_state=0)
    return first, second


def _train_epoch(
    network: nn.Module, optimizer: Any, schedule: Any, images: torch.Tensor, labels: torch.Tensor
) -> None:
    network.train()
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1))
    for batch in torch.randperm(len(images)).split(_BATCH_SIZE):
        right, down = torch.randint(3, (2,)).tolist()
        shifted = padded[batch, :, down : down + 8, right : right + 8]
        optimizer.zero_grad()
        cross_entropy(network(shifted), labels[batch]).backward()
        optimizer.step()
        schedule.step()


@torch.inference_mode()
def _accuracy(network: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    network.eval()
    return (network(images).argmax(dim=1) == labels).sum().item() / len(labels)
