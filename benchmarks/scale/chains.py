"""Seconds per iteration, and regret, as a space of layer widths grows from 10^3 to 448^50.

    python benchmarks/scale.py --output benchmarks/results/scale.csv

The objective is a stand-in for measuring scale only: no network is trained. Each layer has a best width,
which rises along the chain, and the score is minus the mean squared distance to it, as a share of the
range; so the optimum is known, 0, and is the same for every size. Regret is how far below it the best is.
The predictor is the default of a search on such a space.
"""

from __future__ import annotations

import argparse
from time import perf_counter

import numpy as np
import pandas as pd

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
METHODS = [("uniform", "random"), ("uniform", "default"), ("evolutionary", "default")]


def score_widths(widths: tuple[int, ...], space: ChainSpace) -> float:
    """Return the stand-in score of one chain."""
    first, last = space.choices[0][0], space.choices[0][-1]
    best = np.rint(first + np.linspace(0.2, 0.8, len(widths)) * (last - first))
    return -float(np.mean(((np.array(widths) - best) / (last - first)) ** 2))


def measure(size: str, pool: str, predictor: str, seed: int, n_evaluations: int) -> dict:
    """Run one search, and time the pool alone at its end."""
    space = SPACES[size]
    model = "random" if predictor == "random" else None
    search = PredictorBasedSearch(space, model, POOLS[pool], random_state=seed)
    start = perf_counter()
    search.run(lambda widths: score_widths(widths, space), n_evaluations=n_evaluations)
    seconds = perf_counter() - start
    history = search.history_
    X, y = search.evaluated_rows_, history["score"].to_numpy()
    sampler = type(POOLS[pool])(space, random_state=0).fit(X, y)
    times = []
    for _ in range(3):
        start = perf_counter()
        sampler.sample(exclude=X)
        times.append(perf_counter() - start)
    return {
        "space": size,
        "pool": pool,
        "predictor": predictor,
        "seed": seed,
        "evaluations": n_evaluations,
        "regret": -search.best_score_,
        "seconds_per_iteration": seconds / (history["iteration"].max() + 1),
        "seconds_per_pool": min(times),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--output", default="scale.csv")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--evaluations", type=int, default=100)
    arguments = parser.parse_args()
    rows = []
    for seed in range(arguments.seeds):
        for size in SPACES:
            for pool, predictor in METHODS:
                rows.append(measure(size, pool, predictor, seed, arguments.evaluations))
                print(rows[-1], flush=True)
                pd.DataFrame(rows).to_csv(arguments.output, index=False, float_format="%.6g")


if __name__ == "__main__":
    main()
