"""The Gaussian process on other descriptors, in other groups, on other scales."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import QuantileTransformer

from skpbnas import GPRankPredictor, GraphDescriptors
from skpbnas.spaces import NASBench101Space

Matrix = NDArray[np.float64]


def kind(name: str) -> str:
    """Return the group of a descriptor in the library: its kind, of nodes or of edges."""
    return name.partition("_")[0] + "_edges" * (">" in name)


def roots(described: Matrix) -> Matrix:
    return np.sqrt(np.maximum(described, 0))


def counts_and_roots(described: Matrix) -> Matrix:
    return np.concatenate([described, roots(described)], axis=1)


def counts(described: Matrix) -> Matrix:
    return described


def logarithms(described: Matrix) -> Matrix:
    return np.log(described + 0.1)


def without_walks(name: str) -> bool:
    return not name.startswith(("meet_", "joint_"))


class VariedProcess(GPRankPredictor):
    """The process on some of the descriptors, transformed in some way, with a scale for each group."""

    def __init__(
        self,
        n_nodes: int | None = None,
        exploration: float = 0.0,
        max_tuning_rows: int = 300,
        transform: Callable[[Matrix], Matrix] = counts_and_roots,
        keep: Callable[[str], bool] = lambda name: True,
        group: Callable[[str], str] = kind,
    ) -> None:
        super().__init__(n_nodes, exploration, max_tuning_rows)
        self.transform, self.keep, self.group = transform, keep, group

    def _names(self) -> list[str]:
        return [str(name) for name in self._descriptors.get_feature_names_out()]

    def _describe(self, X: NDArray) -> Matrix:
        kept = np.array([self.keep(name) for name in self._names()])
        return self.transform(self._descriptors.transform(X).astype(np.float64)[:, kept])

    def _kinds(self) -> list[str]:
        groups = [self.group(name) for name in self._names() if self.keep(name)]
        return groups * (2 if self.transform is counts_and_roots else 1)


@cache
def whole_space(n_rows: int = 20_000) -> Matrix:
    """Return the descriptors of random cells of the space; they need no label."""
    rows = NASBench101Space().sample(n_rows, np.random.default_rng(0))
    return GraphDescriptors(7).fit_transform(rows).astype(np.float64)


class ScaledByTheSpace(GPRankPredictor):
    """Standardises the descriptors by their spread over the space, and not over the labelled rows."""

    def _standardise(self, described: Matrix) -> Matrix:
        unlabelled = counts_and_roots(whole_space())
        spread = unlabelled.std(axis=0)
        return (described - unlabelled.mean(axis=0)) / np.where(spread > 1e-9, spread, np.inf)


def ranks_in_the_space(described: Matrix) -> Matrix:
    """Return each descriptor as the normal score of its rank in the space."""
    return _rank_transformer().transform(described)


@cache
def _rank_transformer() -> QuantileTransformer:
    return QuantileTransformer(output_distribution="normal", random_state=0).fit(whole_space())


def process(seed: int, **parameters: Any) -> GPRankPredictor:
    """Return a process; nothing of it is random."""
    return VariedProcess(7, **parameters)


VARIANTS = {
    "process": lambda seed: GPRankPredictor(7),
    "process, no walks": partial(process, keep=without_walks),
    "process, roots only": partial(process, transform=roots),
    "process, counts only": partial(process, transform=counts),
    "process, logarithms only": partial(process, transform=logarithms),
    "process, one scale": partial(process, group=lambda name: "all"),
    "process, a scale each": partial(process, group=lambda name: name),
    "process, scales from 100 rows": partial(process, max_tuning_rows=100),
    "process, scales from 1000 rows": partial(process, max_tuning_rows=1000),
    "process, spreads of the space": lambda seed: ScaledByTheSpace(7),
    "process, ranks in the space": partial(process, transform=ranks_in_the_space),
}
