"""Is this version slower than another? The same work with two checkouts, in turns.

python -m benchmarks.speed.versions OTHER_CHECKOUT [--rounds 5] [--only search fit]

Each round measures every case with both, each in a process of its own, in CPU seconds on one thread, which
other work on the machine changes least. Printed are the least of the rounds and the ratio, this over other.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

HERE = Path(__file__).parents[2]


def cases() -> dict[str, Callable[[], Any]]:
    """Return what is measured; only public names that both versions have."""
    import numpy as np
    import optuna

    import skpbnas as s
    from skpbnas.datasets import load_digits_cells
    from skpbnas.predictors import paper_predictor
    from skpbnas.preprocessing import GraphDescriptors
    from skpbnas.spaces import ChainSpace

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space, digits = s.NASBench101Space(), load_digits_cells()
    cells = space.enumerate()
    rng = np.random.default_rng(0)
    shuffled = cells[rng.permutation(len(cells))]
    weights = rng.normal(size=cells.shape[1])
    score = {n: shuffled[:n] @ weights + np.random.default_rng(n).normal(size=n) for n in (200, 800, 1400)}
    part, many = shuffled[:20_000], np.repeat(shuffled, 2, axis=0)[:500_000]
    pool = s.EvolutionaryCandidateSampler(space, random_state=0).fit(shuffled[:200], score[200])
    network = s.GCNRankPredictor(7, random_state=0, max_iter=20).fit(shuffled[:200], score[200])
    climb = s.MaximumLikelihoodCandidateSampler(space, network, n_candidates=200, random_state=0)
    climb.fit(shuffled[:200], score[200])
    process = s.GPRankPredictor(7, exploration=2).fit(shuffled[:800], score[800])

    def proposal(n: int) -> Callable[[], Any]:
        search = s.PredictorBasedSearch(space, random_state=0)
        search.tell(shuffled[:n], score[n])
        return search.ask

    def study() -> None:
        study = optuna.create_study(direction="maximize", sampler=s.PBNASSampler(digits.space, seed=0))
        objective = digits.objective("validation_accuracy")

        def evaluate(trial: optuna.Trial) -> float:
            return float(objective(digits.space.encode([digits.space.suggest(trial)]))[0])

        study.optimize(evaluate, n_trials=60)

    def digits_search(**options: Any) -> None:
        search = s.PredictorBasedSearch(digits.space, random_state=0)
        search.run(digits.objective("validation_accuracy"), 60, **options)

    def chain_search() -> None:
        chains = ChainSpace([range(10)] * 20)
        s.PredictorBasedSearch(chains, random_state=0).run(lambda widths: -float(np.var(widths)), 60)

    return {
        "paper_predictor, 10 epochs, n = 200": lambda: paper_predictor(7, random_state=0, max_iter=10).fit(
            shuffled[:200], score[200]
        ),
        "GCNRankPredictor, fit, n = 200": lambda: s.GCNRankPredictor(7, random_state=0).fit(
            shuffled[:200], score[200]
        ),
        "GCNRankPredictor, predict 20,000": lambda: network.predict(part),
        "GPRankPredictor, fit, n = 200": lambda: s.GPRankPredictor(7).fit(shuffled[:200], score[200]),
        "GPRankPredictor, fit, n = 800": lambda: s.GPRankPredictor(7).fit(shuffled[:800], score[800]),
        "GPRankPredictor, predict 20,000": lambda: process.predict(part),
        "GraphDescriptors, 20,000": lambda: GraphDescriptors(7).fit_transform(part),
        "canonical_key, 500,000": lambda: space.canonical_key(many),
        "evolutionary pool of 1000": lambda: pool.sample(1000, exclude=shuffled[:200]),
        "maximum-likelihood pool of 200": lambda: climb.sample(200),
        "search, one iteration at n = 200": proposal(200),
        "search, one iteration at n = 800": proposal(800),
        "search, one iteration at n = 1400": proposal(1400),
        "search of 60 digits cells": digits_search,
        "search of 60 digits cells, asynchronous": lambda: digits_search(asynchronous=True),
        "search of 60 chains of 20 layers": chain_search,
        "study of 60 digits cells": study,
    }


def measure(only: list[str]) -> dict[str, float]:
    """Return the least CPU seconds of two runs of each case."""
    import torch

    torch.set_num_threads(1)
    seconds = {}
    for name, work in cases().items():
        if not only or any(word in name for word in only):
            times = []
            for _ in range(2):
                start = process_time()
                work()
                times.append(process_time() - start)
            seconds[name] = min(times)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "other", type=Path, help="the folder of the other checkout; . measures this one alone"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=[], help="parts of the cases' names")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        print(json.dumps(measure(arguments.only)))
        return
    least: dict[str, list[float]] = {}
    for _ in range(arguments.rounds):
        for k, checkout in enumerate((arguments.other, HERE)):
            run = subprocess.run(
                [
                    sys.executable,
                    __file__,
                    ".",
                    "--worker",
                    *(["--only", *arguments.only] if arguments.only else []),
                ],
                env={**os.environ, "PYTHONPATH": str(checkout.resolve()), "OMP_NUM_THREADS": "1"},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            for name, seconds in json.loads(run.stdout.splitlines()[-1]).items():
                times = least.setdefault(name, [float("inf")] * 2)
                times[k] = min(times[k], seconds)
        print(f"\n{'CPU seconds, least of the rounds':45s} {'other':>9s} {'this':>9s} {'ratio':>6s}")
        for name, (other, this) in least.items():
            print(f"{name:45s} {other:9.4f} {this:9.4f} {this / other:6.2f}", flush=True)


if __name__ == "__main__":
    main()
