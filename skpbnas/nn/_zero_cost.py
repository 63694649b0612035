"""Zero-cost scores of the rows of a space, for the predictor of a search."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..spaces import Rows, SearchSpace
from ._proxies import PROXIES, Batch
from ._training import isolated, token_loss

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class ZeroCostFeatures(Mapping[str, "ZeroCostFeature"]):
    """Scores of networks that are not trained, of one batch of data: the ``features`` of a search.

    A mapping from names to functions of rows. The network of an architecture is built once, and all its
    scores are kept. They cost some forward and backward passes; a search computes them for what it has
    evaluated and for the best of each pool.

    Parameters
    ----------
    space : SearchSpace
    build : callable
        Takes an architecture of the space and returns a ``torch.nn.Module`` that is not trained.
    inputs : Tensor of shape (n, ...)
        A batch of data, of at least two, such as 32 images.
    targets : Tensor, default=None
        Of the batch; ``snip`` needs them.
    proxies : sequence of str, default=None
        Which scores; None takes all that the batch allows.
    loss : callable, default=None
        Of outputs and targets, for ``snip``. None is the mean cross-entropy.
    n_best : int, default=100
        For how many architectures of a pool a search computes the scores; None for all.
    max_seconds : float, default=None
        Time for one pool; see :class:`~skpbnas.search.ForTheBest`.
    random_state : int, default=0
        Of the initial weights, of all networks.

    Notes
    -----
    ==============  =====================================================================================
    ``nwot``        log-determinant of how many activation functions agree for two inputs [1]_
    ``jacov``       how little gradients by different inputs are correlated [1]_ (first version), [4]_
    ``snip``        sum of ``|w * dL/dw|`` over weights, for the loss L of the batch [2]_, [4]_
    ``synflow``     sum of ``w * dR/dw`` with absolute weights, for the outputs R of an input of ones [3]_
    ``parameters``  trainable parameters
    ``flops``       floating-point operations of one input, see :func:`~skpbnas.nn.count_costs`
    ==============  =====================================================================================

    ``nwot``, ``jacov`` and ``snip`` see the network in training mode, ``synflow`` in evaluation mode, where
    fresh batch normalisation does nothing. Dropout draws from the seed. Values are as published, also where
    they span orders of magnitude, which :class:`~skpbnas.GPRankPredictor` takes into account. Random numbers
    and threads of PyTorch are left as they are.

    References
    ----------
    .. [1] Mellor et al., "Neural Architecture Search without Training", ICML 2021.
    .. [2] Lee et al., "SNIP: Single-shot Network Pruning based on Connection Sensitivity", ICLR 2019.
    .. [3] Tanaka et al., "Pruning neural networks without any data by iteratively conserving synaptic flow",
       NeurIPS 2020.
    .. [4] Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021.

    Examples
    --------
    >>> import torch
    >>> from skpbnas import PredictorBasedSearch
    >>> from skpbnas.nn import MLP, ZeroCostFeatures, mlp_space
    >>> space, inputs = mlp_space(), torch.randn(16, 4, generator=torch.Generator().manual_seed(0))
    >>> features = ZeroCostFeatures(space, lambda widths: MLP(widths, n_inputs=4, n_outputs=3), inputs)
    >>> list(features)
    ['nwot', 'jacov', 'synflow', 'parameters', 'flops']
    >>> features["parameters"](space.encode([(8, 16, None)]))
    array([283.])
    >>> search = PredictorBasedSearch(space, features=features)
    """

    def __init__(
        self,
        space: SearchSpace,
        build: Callable[[Any], nn.Module],
        inputs: torch.Tensor,
        targets: torch.Tensor | None = None,
        *,
        proxies: Sequence[str] | None = None,
        loss: Loss | None = None,
        n_best: int | None = 100,
        max_seconds: float | None = None,
        random_state: int = 0,
    ) -> None:
        if not callable(build):
            raise TypeError(f"build={build!r} is not callable; give a function of an architecture")
        _check_batch(inputs, targets)
        impossible = _impossible(inputs, targets)
        self.proxies = [name for name in PROXIES if name not in impossible] if proxies is None else [*proxies]
        for name in self.proxies:
            if name not in PROXIES:
                raise ValueError(f"proxies has {name!r}, which is unknown; choose from {list(PROXIES)}")
            if name in impossible:
                raise ValueError(f"proxies has {name!r}, {impossible[name]}")
        if n_best is not None and n_best < 1:
            raise ValueError(f"n_best={n_best!r} is not allowed; give at least 1, or None for whole pools")
        if max_seconds is not None and not max_seconds > 0:
            raise ValueError(f"max_seconds={max_seconds!r} is not allowed; give a number above 0, or None")
        self.space = space
        self.build = build
        self.batch = Batch(inputs, targets, loss or token_loss)
        self.n_best = n_best
        self.max_seconds = max_seconds
        self.random_state = random_state
        self._known: dict[int, list[float]] = {}  # the scores, by canonical key

    def __repr__(self) -> str:
        return f"ZeroCostFeatures({self.space!r}, proxies={self.proxies})"

    def __getitem__(self, name: str) -> ZeroCostFeature:
        if name not in self.proxies:
            raise KeyError(f"{name!r} is not among the proxies {self.proxies}")
        return ZeroCostFeature(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.proxies)

    def __len__(self) -> int:
        return len(self.proxies)

    def __call__(self, X: Rows) -> NDArray[np.float64]:
        """Return the scores of valid rows, shape ``(n, n_proxies)``.

        Raises
        ------
        Exception
            What ``build``, a network or the loss raises, with a note that names the architecture.
        TypeError
            Where ``build`` returns no module.
        ValueError
            Where a score is NaN or infinite.
        """
        rows = np.asarray(X)
        keys = self.space.canonical_key(rows).tolist()
        new = {key: k for k, key in enumerate(keys) if key not in self._known}
        architectures = self.space.decode(self.space.canonicalize(rows[list(new.values())]))
        for key, architecture in zip(new, architectures, strict=True):
            self._known[key] = self._scores(architecture)
        return np.array([self._known[key] for key in keys], np.float64).reshape(len(rows), len(self))

    def _scores(self, architecture: Any) -> list[float]:
        at = "build"
        try:
            with isolated(self.random_state), torch.enable_grad():
                network = self.build(architecture)
                if not isinstance(network, nn.Module):
                    raise TypeError(f"build returned {network!r}; it must return a torch.nn.Module")
                scores = []
                for at in self.proxies:
                    torch.manual_seed(self.random_state)  # so that no score depends on the others
                    scores.append(PROXIES[at](copy.deepcopy(network), self.batch))
        except Exception as error:
            error.add_note(f"raised by {at} for the architecture {self.space.describe(architecture)}")
            raise
        for name, score in zip(self.proxies, scores, strict=True):
            if not np.isfinite(score):
                raise ValueError(
                    f"{name} is {score} for the architecture {self.space.describe(architecture)}; leave it "
                    f"out of proxies, or scale the inputs and initial weights so that the network computes"
                )
        return scores


class ZeroCostFeature:
    """One of the scores, a function of rows.

    Attributes
    ----------
    n_best, max_seconds
        What a search reads: for how many architectures of a pool it is computed, and for how long.
    """

    def __init__(self, features: ZeroCostFeatures, name: str) -> None:
        self._features, self._name = features, name
        self.n_best, self.max_seconds = features.n_best, features.max_seconds

    def __call__(self, X: Rows) -> NDArray[np.float64]:
        """Return the score of valid rows, shape ``(n,)``."""
        return self._features(X)[:, self._features.proxies.index(self._name)]

    def identity(self) -> dict[str, Any]:
        """Return what tells this feature from others, for checkpoints."""
        features = self._features
        targets = features.batch.targets
        return {
            "proxy": self._name,
            "build": features.build,
            "inputs": features.batch.inputs.cpu().numpy(),
            "targets": None if targets is None else targets.cpu().numpy(),
            "random_state": features.random_state,
            "n_best": self.n_best,
            "max_seconds": self.max_seconds,
        }


def _check_batch(inputs: Any, targets: Any) -> None:
    if not isinstance(inputs, torch.Tensor) or inputs.ndim < 1 or len(inputs) < 2:
        kind = tuple(inputs.shape) if isinstance(inputs, torch.Tensor) else type(inputs).__name__
        raise ValueError(f"inputs is {kind}; give a tensor with a batch of at least two")
    if inputs.is_floating_point() and not torch.isfinite(inputs).all():
        raise ValueError("inputs has values that are NaN or infinite; leave them out")
    if targets is not None and (not isinstance(targets, torch.Tensor) or len(targets) != len(inputs)):
        count = len(targets) if hasattr(targets, "__len__") else targets
        raise ValueError(f"targets has {count} values for {len(inputs)} inputs; give a tensor with as many")


def _impossible(inputs: torch.Tensor, targets: torch.Tensor | None) -> dict[str, str]:
    """Return the scores that a batch does not allow, and why."""
    reasons = {}
    if targets is None:
        reasons["snip"] = "which needs targets="
    if not inputs.is_floating_point():
        reasons["jacov"] = "which differentiates by the inputs, but inputs= are whole numbers"
    return reasons
