"""Seconds per iteration, and regret, as a space of layer widths grows from 10^3 to 448^50.

The objective is a stand-in for measuring scale only: no network is trained. Each layer has a best width,
which rises along the chain, and the score is minus the mean squared distance to it, as a share of the
range; so the optimum is known, 0, and is the same for every size. Regret is how far below it the best is.
The predictor is the default of a search on such a space.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Experiment, decimals, mean, value_range
from skpbnas import EvolutionaryCandidateSampler, PredictorBasedSearch, UniformCandidateSampler
from skpbnas.spaces import ChainSpace

SPACES = {
    "10^3": ChainSpace([range(10)] * 3),
    "10^6": ChainSpace([range(10)] * 6),
    "10^20": ChainSpace([range(10)] * 20),
    "448^50": ChainSpace([range(64, 512)] * 50),
}
POOLS = {
    "uniform": UniformCandidateSampler(),
    "evolutionary": EvolutionaryCandidateSampler(),
}
METHODS = {
    ("uniform", "random"): "random search",
    ("uniform", "default"): "predictor, uniform pool",
    ("evolutionary", "default"): "predictor, evolutionary pool",
}
N_EVALUATIONS = 100


def score_widths(widths: tuple[int, ...], space: ChainSpace) -> float:
    """Return the stand-in score of one chain."""
    first, last = space.choices[0][0], space.choices[0][-1]
    best = np.rint(first + np.linspace(0.2, 0.8, len(widths)) * (last - first))
    return -float(np.mean(((np.array(widths) - best) / (last - first)) ** 2))


def run(space: str, pool: str, predictor: str, seed: int) -> dict[str, Any]:
    """Run one search, and time the pool alone at its end."""
    chains = SPACES[space]
    model = "random" if predictor == "random" else None
    search = PredictorBasedSearch(chains, model, POOLS[pool], random_state=seed)
    start = perf_counter()
    search.run(lambda widths: score_widths(widths, chains), N_EVALUATIONS)
    seconds = perf_counter() - start
    history = search.history_
    X, y = search.evaluated_rows_, history["score"].to_numpy()
    sampler = type(POOLS[pool])(chains, random_state=0).fit(X, y)
    times = []
    for _ in range(3):
        start = perf_counter()
        sampler.sample(exclude=X)
        times.append(perf_counter() - start)
    return {
        "evaluations": N_EVALUATIONS,
        "regret": -search.best_score_,
        "seconds_per_iteration": seconds / (history["iteration"].max() + 1),
        "seconds_per_pool": min(times),
    }


def comparison(results: pd.DataFrame) -> pd.DataFrame:
    """Return the regret, and the least seconds: other work on the machine can only add to them."""
    method = pd.MultiIndex.from_frame(results[["pool", "predictor"]]).map(METHODS)
    groups = results.rename(columns={"space": "Space"}).groupby(
        ["Space", method.rename("Method")], sort=False
    )
    columns = {
        "Regret": groups["regret"].agg(mean(4)),
        "Range": groups["regret"].agg(value_range(4)),
        "Seconds per iteration": groups["seconds_per_iteration"].min().map(decimals(2)),
        "Seconds per pool": groups["seconds_per_pool"].min().map(decimals(3)),
    }
    return pd.DataFrame(columns)


EXPERIMENT = Experiment(
    __file__,
    tables={"chains": comparison},
    jobs=[
        {"space": space, "pool": pool, "predictor": predictor, "seed": seed}
        for seed in range(5)
        for space in SPACES
        for pool, predictor in METHODS
    ],
    run=run,
)
