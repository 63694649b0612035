"""Do one thing in this process, and print its seconds and the peak of the memory.

python -m benchmarks.speed.memory {score-paper,score-network,score-default,search-network,search-default}
"""

from __future__ import annotations

import sys
from time import perf_counter

from skpbnas import EvolutionaryCandidateSampler, GCNRankPredictor, PredictorBasedSearch
from skpbnas.predictors import paper_predictor
from skpbnas.search import default_predictor

from .labels import SPACE, labelled
from .measurement import peak_gigabytes

PREDICTORS = {
    "paper": paper_predictor(7, max_iter=3),
    "network": GCNRankPredictor(7, descriptors=False),
    "default": default_predictor().set_params(n_nodes=7),
}


def score(predictor: str) -> float:
    """Return the seconds that it takes to score every cell, for the first time."""
    model, cells = PREDICTORS[predictor].fit(*labelled(1000)), SPACE.enumerate()
    start = perf_counter()
    model.predict_best(cells, 4) if hasattr(model, "predict_best") else model.predict(cells)
    return perf_counter() - start


def search(predictor: str) -> float:
    """Return the seconds of one iteration of a search at 10,000 labels."""
    algorithm = PredictorBasedSearch(SPACE, PREDICTORS[predictor], EvolutionaryCandidateSampler())
    algorithm.tell(*labelled(10_000))
    start = perf_counter()
    algorithm.ask()
    return perf_counter() - start


if __name__ == "__main__":
    work, _, predictor = sys.argv[1].partition("-")
    print({"score": score, "search": search}[work](predictor), peak_gigabytes())
