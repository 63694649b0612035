"""How much better chains are ranked where the space knows which layers do nothing.

NAS-Bench-Macro: eight layers in three stages, each one of two blocks or the identity. The first layer of a
stage halves the resolution; the others commute with an identity. n chains are learned from by their mean
accuracy. Ranked are 2,000 others, none of them the same network as one of the n.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.harness import Experiment, data_file, decimals, grid
from skpbnas import GPRankPredictor
from skpbnas._for_space import for_space
from skpbnas.metrics import kendall_tau
from skpbnas.spaces import ChainSpace, Identity

BLOCKS = ["identity", "kernel 3, expansion 3", "kernel 5, expansion 6"]
COMMUTES = [Identity("identity"), *BLOCKS[1:]]
SPACES = {
    "a name like others": ChainSpace([BLOCKS] * 8),
    "an identity": ChainSpace([BLOCKS, COMMUTES, BLOCKS, *[COMMUTES] * 2, BLOCKS, *[COMMUTES] * 2]),
}
MOST_RANKED = 2_000


@cache
def load() -> tuple[list[Any], NDArray[np.float64]]:
    """Return the chains and their accuracies."""
    file = np.load(data_file("nasbench_macro.npz"))
    chains = np.array(BLOCKS, dtype=object)[file["choices"]].tolist()
    return chains, file["test_accuracy"].astype(np.float64).mean(axis=1)


def run(seed: int, n: int, skipping: str) -> dict[str, Any]:
    """Fit to n chains, and rank others."""
    chains, accuracy = load()
    keys = SPACES["an identity"].canonical_key(SPACES["an identity"].encode(chains))
    order = np.random.default_rng(seed).permutation(len(chains))
    train = order[:n]
    rest = order[n:][~np.isin(keys[order[n:]], keys[train])][:MOST_RANKED]
    space = SPACES[skipping]
    X = space.canonicalize(space.encode(chains))
    model = for_space(GPRankPredictor(), space, seed).fit(X[train], accuracy[train])
    return {"kendall_tau": kendall_tau(accuracy[rest], model.predict(X[rest]))}


def ranking(results: pd.DataFrame) -> pd.DataFrame:
    """Means over the seeds."""
    means = results.groupby(["skipping", "n"])["kendall_tau"].mean().unstack()
    text = means.loc[list(SPACES)].map(decimals(3, leading_zero=False))
    return text.rename(columns=lambda n: f"n = {n}").rename_axis("The block that does nothing is")


EXPERIMENT = Experiment(
    __file__,
    tables={"identity": ranking},
    jobs=grid(seed=range(100, 110), n=(50, 100), skipping=SPACES),
    run=run,
    digits=5,
)
