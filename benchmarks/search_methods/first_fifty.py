"""What might make the first fifty evaluations of NASBench-101 better: a smoother process, and other ways.

The objective is the mean test accuracy, without noise. "Smoother by s, amplitude a" moves the mean of the
prior of the logarithms of the scales by -s and that of the amplitude by a. All seeds are of development:
none of them is reported anywhere else. ``few_labels.py`` tells how the same priors rank.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import pandas as pd

from benchmarks.harness import Experiment, grid, mean_and_error, nasbench101
from skpbnas import EvolutionaryCandidateSampler, PredictorBasedSearch
from skpbnas._for_space import for_space
from skpbnas.candidates._base import Pool
from skpbnas.predictors import _process
from skpbnas.preprocessing import GraphDescriptors
from skpbnas.search._propose import default_predictor
from skpbnas.spaces import Rows, SearchSpace

AFTER = (12, 20, 30, 50)


class PartlyUniform(EvolutionaryCandidateSampler):
    """Three tenths of the pool are random architectures, up to 50 evaluations."""

    def _learn(self, X: Rows, y: Any) -> None:
        super()._learn(X, y)
        self._n_observed = len(X)

    def _draw_pool(self, pool: Pool, n: Any, rng: np.random.Generator) -> None:
        if self._n_observed < 50:
            pool.fill_from_all(round(0.3 * n), rng)
        super()._draw_pool(pool, n, rng)


class Variant(NamedTuple):
    """What differs from the default."""

    label: str
    smoother: float = 0.0
    amplitude: float = 0.0
    exploration: float = 2.0
    batch_size: int = 4
    small_batches: int = 0  # of two, up to so many evaluations
    n_medoids: int = 0
    candidates: Any = EvolutionaryCandidateSampler


VARIANTS = {
    "now": Variant("the default"),
    "s1a0": Variant("smoother by 1", 1),
    "s1.5a1": Variant("smoother by 1.5, amplitude 1", 1.5, 1),
    "s1.5a2": Variant("smoother by 1.5, amplitude 2", 1.5, 2),
    "s2a2": Variant("smoother by 2, amplitude 2", 2, 2),
    "e1.5 s2a2": Variant("... and exploration 1.5", 2, 2, exploration=1.5),
    "e3 s1.5a1": Variant("smoother by 1.5, amplitude 1, and exploration 3", 1.5, 1, exploration=3.0),
    "b2 s2a2": Variant("smoother by 2, amplitude 2, and batches of two", 2, 2, batch_size=2),
    "b2 s1.5a1": Variant("smoother by 1.5, amplitude 1, and batches of two", 1.5, 1, batch_size=2),
    "b2s s1.5a1": Variant("... batches of two up to 24 evaluations", 1.5, 1, small_batches=24),
    "uni.3 s2a2": Variant(
        "smoother by 2, amplitude 2, and three tenths of the pool random", 2, 2, candidates=PartlyUniform
    ),
    "med s1.5a1": Variant("smoother by 1.5, amplitude 1, and medoids first", 1.5, 1, n_medoids=4),
}
FIFTY_SEEDS = ["now", "s1a0", "s1.5a1"]


@contextmanager
def smoother(by: float, amplitude: float) -> Iterator[None]:
    """Move the prior of every process that is fitted inside."""
    given = _process.log_prior

    def moved(roles: Any, *others: Any) -> Any:
        prior = given(roles, *others)
        mean = prior.mean.copy()
        mean[: len(roles)] -= by
        mean[-2] += amplitude
        return prior._replace(mean=mean)

    with patch.object(_process, "log_prior", moved):
        yield


def medoids(space: SearchSpace, k: int, rng: np.random.Generator) -> Rows:
    """Return k of 500 random architectures that the others are near: greedy, then by turns."""
    X = space.sample(500, rng)
    Z = np.sqrt(np.abs(for_space(GraphDescriptors(), space, 0).fit(X).transform(X).astype(float)))
    Z = (Z - Z.mean(axis=0)) / (Z.std(axis=0) + 1e-9)
    far = ((Z[:, None] - Z) ** 2).sum(axis=-1)
    far /= 1 + far
    chosen = [int(far.sum(axis=0).argmin())]
    while len(chosen) < k:
        gain = np.maximum(far[:, chosen].min(axis=1)[:, None] - far, 0).sum(axis=0)
        gain[chosen] = -1
        chosen.append(int(gain.argmax()))
    for _ in range(20):
        nearest = [np.flatnonzero(far[:, chosen].argmin(axis=1) == j) for j in range(k)]
        chosen = [int(near[far[np.ix_(near, near)].sum(axis=0).argmin()]) for near in nearest]
    return X[chosen]


def run(variant: str, seed: int) -> list[dict[str, Any]]:
    """Search once; tell the best accuracy after so many evaluations."""
    given, table = VARIANTS[variant], nasbench101()
    objective = table.objective("mean_test_accuracy")
    predictor = default_predictor(table.space).set_params(exploration=given.exploration)
    search = PredictorBasedSearch(table.space, predictor, given.candidates(), random_state=seed)
    n = 0
    if given.n_medoids:
        first = medoids(table.space, given.n_medoids, np.random.default_rng([seed, 77]))
        search.tell(first, objective(first))
        n = len(first)
    with smoother(given.smoother, given.amplitude):
        while n < AFTER[-1]:
            size = 2 if n < given.small_batches else given.batch_size
            rows = search.ask(min(size, AFTER[-1] - n) if n else None)
            search.tell(rows, objective(rows))
            n += len(rows)
    best = search.history_["best_score"].to_numpy()
    return [{"after": n, "accuracy": 100 * best[n - 1]} for n in AFTER]


def first_fifty(results: pd.DataFrame) -> pd.DataFrame:
    """Means, and what each differs by from the default on the same seeds."""
    by_seed = results.pivot_table(index=["after", "seed"], columns="variant", values="accuracy")
    gains = by_seed.sub(by_seed["now"], axis=0)
    rows = {}
    for name, variant in VARIANTS.items():
        row = {"seeds": str(by_seed.loc[AFTER[-1], name].count())}
        row |= {f"{n}": mean_and_error(2)(by_seed.loc[n, name].dropna()) for n in AFTER}
        if name != "now":
            gained = gains.loc[AFTER[-1], name].dropna()
            row["50, against the default"] = f"{gained.mean():+.3f} ± {gained.sem():.3f}"
        rows[variant.label] = row
    return pd.DataFrame.from_dict(rows, orient="index").fillna("").rename_axis("Variant")


EXPERIMENT = Experiment(
    __file__,
    tables={"first_fifty": first_fifty},
    jobs=grid(seed=range(500, 510), variant=VARIANTS) + grid(seed=range(510, 550), variant=FIFTY_SEEDS),
    run=run,
    digits=7,
)
