"""One training of a network: the thinnest loop that stops early, repeats, and keeps the best weights.

The modules work in skorch and in any other loop as they are. This one exists because a search trains hundreds
of small networks: nothing but tensors that are in memory already, without data loaders and callbacks, on one
thread, with every random number from one seed and no global generator changed.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import perf_counter
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from ._checks import check_positive
from ._data import Data, Part

_LOCK = Lock()
_EVALUATED_AT_ONCE = 512


class Training(NamedTuple):
    """What came of one training.

    Attributes
    ----------
    network : torch.nn.Module
        With the weights of the best epoch, in evaluation mode.
    score : float
        Of the best epoch on the validation part; see :func:`evaluate_network`.
    scores : list of float
        Of every epoch.
    seconds : float
        That the training took.
    """

    network: nn.Module
    score: float
    scores: list[float]
    seconds: float


def train_network(
    network: nn.Module | Callable[[], nn.Module],
    data: Data,
    *,
    n_epochs: int = 12,
    patience: int = 4,
    batch_size: int = 32,
    learning_rate: float = 5e-3,
    weight_decay: float = 1e-2,
    seed: int = 0,
    device: str | torch.device = "cpu",
) -> Training:
    """Train a network with AdamW, a warm-up and a cosine schedule, and stop where validation gains no more.

    Parameters
    ----------
    network : torch.nn.Module or callable
        A module, which is trained further (a copy of it, that is); or a function without arguments that
        builds one, so that the seed covers the initial weights, too.
    data : Data
        The test part is not looked at.
    n_epochs : int, default=12
        At most; the schedule ends there.
    patience : int, default=4
        Stop after so many epochs without a better validation score.
    batch_size : int, default=32
    learning_rate, weight_decay : float, default=5e-3 and 1e-2
        Of AdamW; the largest rate, after the first tenth of the steps.
    seed : int, default=0
        Of the initial weights and the order of the examples. The same seed gives the same network on one
        machine.
    device : str or torch.device, default="cpu"

    Returns
    -------
    Training

    Raises
    ------
    ValueError
        For numbers of epochs or examples below one.
    TypeError
        Where the function returns no module.
    FloatingPointError
        Where the loss is no longer finite.

    Notes
    -----
    A training runs on one thread, so that the result does not depend on the number of cores, and the threads
    of a process take turns; use processes to train in parallel.

    Examples
    --------
    >>> from skpbnas.nn import MLP, evaluate_network, load_data, train_network
    >>> data = load_data("iris")
    >>> training = train_network(lambda: MLP((16, 16), n_inputs=4, n_outputs=3), data)
    >>> evaluate_network(training.network, data.test) > 0.8
    True
    """
    check_positive(n_epochs=n_epochs, patience=patience, batch_size=batch_size)
    start = perf_counter()
    with isolated(seed):
        trained = copy.deepcopy(network) if isinstance(network, nn.Module) else network()
        if not isinstance(trained, nn.Module):
            raise TypeError(f"network returned {trained!r}; it must return a torch.nn.Module")
        trained.to(device)
        inputs, labels = (tensor.to(device) for tensor in data.train)
        n_steps = n_epochs * math.ceil(len(inputs) / batch_size)
        optimizer = torch.optim.AdamW(trained.parameters(), learning_rate, weight_decay=weight_decay)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: warm_cosine(step / n_steps))
        scores: list[float] = []
        best = trained.state_dict()
        while len(scores) < n_epochs and len(scores) - _first_best(scores) < patience:
            trained.train()
            for batch in shuffled_batches(len(inputs), batch_size):
                loss = token_loss(trained(inputs[batch]), labels[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
            if not math.isfinite(loss.item()):
                raise FloatingPointError(
                    f"the loss is {loss.item()} in epoch {len(scores) + 1}; use a learning_rate below "
                    f"{learning_rate!r}"
                )
            scores.append(evaluate_network(trained, data.validation))
            if _first_best(scores) == len(scores):
                best = copy.deepcopy(trained.state_dict())
    trained.load_state_dict(best)
    return Training(trained.eval(), max(scores), scores, perf_counter() - start)


def evaluate_network(network: nn.Module, part: Part) -> float:
    """Return how good a network is on a part of the data; higher is better.

    Parameters
    ----------
    network : torch.nn.Module
        Left in evaluation mode.
    part : tuple of Tensor
        Such as ``data.test``.

    Returns
    -------
    float
        The share of labels that are right; of text, minus the bits that a byte takes.
    """
    network.eval()
    device = next(network.parameters()).device
    total = 0.0
    with torch.inference_mode():
        for inputs, labels in zip(*(tensor.split(_EVALUATED_AT_ONCE) for tensor in part), strict=True):
            outputs, labels = network(inputs.to(device)), labels.to(device)
            if labels.ndim > 1:
                total -= token_loss(outputs, labels).item() / math.log(2) * len(labels)
            else:
                total += (outputs.argmax(dim=1) == labels).sum().item()
    return total / len(part[1])


def shuffled_batches(n: int, batch_size: int) -> list[torch.Tensor]:
    """Return the examples of an epoch; batch normalisation has no use for a last one that is left alone."""
    return [batch for batch in torch.randperm(n).split(batch_size) if len(batch) > 1 or n == 1]


def token_loss(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy of scores ``(n, k)`` or ``(n, length, k)``."""
    return cross_entropy(outputs.flatten(0, -2), labels.flatten())


def warm_cosine(progress: float) -> float:
    """Return the share of the learning rate: up in a line for a tenth of the steps, then down as a cosine."""
    if progress < 0.1:
        return 0.05 + 0.95 * progress / 0.1
    return 0.5 * (1 + math.cos(math.pi * min((progress - 0.1) / 0.9, 1)))


def _first_best(scores: list[float]) -> int:
    """Return the number, from 1, of the first epoch with the best score; 0 where there is none."""
    return scores.index(max(scores)) + 1 if scores else 0


@contextmanager
def isolated(seed: int) -> Iterator[None]:
    """Use PyTorch's global generator, with which networks are built, and one thread; then restore both."""
    with _LOCK, torch.random.fork_rng(devices=[]):
        n_threads = torch.get_num_threads()
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        try:
            yield
        finally:
            torch.set_num_threads(n_threads)
