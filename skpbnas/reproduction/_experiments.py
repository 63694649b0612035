"""The experiments as data: every method, how long it runs, and which figure shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..candidates import (
    EvolutionaryCandidateSampler,
    ExhaustiveCandidateSampler,
    MaximumLikelihoodCandidateSampler,
    UniformCandidateSampler,
)
from ..predictors import GCNRankPredictor, paper_predictor
from ..search import default_predictor

N_INITIAL = 4  # |T_0|, section 5
N_ITERATIONS = 350  # T: 1,400 evaluations beside the initial ones
SHORT = 100  # iterations of what the paper does not show
QUICK, QUICK_PAPER = 60, 10  # iterations of the quick version


def fast_predictor() -> GCNRankPredictor:
    """Return the predictor of the fast setting; every value is fixed here, whatever the defaults become."""
    return GCNRankPredictor(
        hidden_dims=(32, 32, 32),
        directions="both",
        residual=True,
        loss="pairwise",
        solver="adamw",
        learning_rate=0.02,
        weight_decay=0.01,
        max_iter=20,
        n_estimators=1,
        warm_start=False,
        descriptors=False,
    )


@dataclass(frozen=True)
class Method:
    """A search to repeat.

    Attributes
    ----------
    key : str
        Names its files.
    label : str
        Names it in figures and tables.
    predictor, candidates : Any
        As in :class:`~skpbnas.PredictorBasedSearch`.
    seconds : float
        What an iteration takes, roughly: for the estimate of the time that is left.
    batch_size : int
        K.
    n_iterations : int
        T.
    share : float
        How many of the runs it takes part in; the paper's training, which is expensive, runs less often.
    """

    key: str
    label: str
    predictor: Any
    candidates: Any
    seconds: float
    batch_size: int = 4
    n_iterations: int = N_ITERATIONS
    share: float = 1.0

    @property
    def n_evaluations(self) -> int:
        """The budget, initial evaluations included."""
        return N_INITIAL + self.batch_size * self.n_iterations

    def n_runs(self, runs: int) -> int:
        """Return how many of ``runs`` runs it takes part in."""
        return max(1, round(self.share * runs))

    def quick(self) -> Method:
        """Return the method as the quick version runs it."""
        longest = QUICK_PAPER if self.key.startswith("paper-") else QUICK
        evaluations = min(self.batch_size * self.n_iterations, 4 * longest)
        return replace(self, n_iterations=evaluations // self.batch_size)


def evolutionary(n_candidates: int = 1000, **changes: Any) -> EvolutionaryCandidateSampler:
    """Return Algorithm 2 with fixed values for what the paper leaves open."""
    values = {"n_parents": 20, "mutation_ratio": 0.5, "mutation_probability": 0.05} | changes
    return EvolutionaryCandidateSampler(n_candidates=n_candidates, **values)


def maximum_likelihood(n_candidates: int) -> MaximumLikelihoodCandidateSampler:
    """Return maximum-likelihood sampling with fixed values for what the paper leaves open."""
    return MaximumLikelihoodCandidateSampler(n_candidates=n_candidates, n_steps=30, step_size=0.1)


def uniform(n_candidates: int) -> UniformCandidateSampler:
    """Return uniform sampling."""
    return UniformCandidateSampler(n_candidates=n_candidates)


def _methods() -> list[Method]:
    """Return all methods, in the order in which a round of runs takes them."""
    fast: Any = fast_predictor()
    long = [
        Method("random", "random search", "random", uniform(100), 0.01),
        Method("uniform-100", "uniform, N' = 100", fast, uniform(100), 0.12),
        Method("evolutionary-100", "evolutionary, N' = 100", fast, evolutionary(100), 0.12),
        Method("evolutionary-1000", "evolutionary, N' = 1000", fast, evolutionary(1000), 0.14),
        Method("uniform-1000", "uniform, N' = 1000", fast, uniform(1000), 0.13),
        Method("ml-100", "maximum likelihood, N' = 100", fast, maximum_likelihood(100), 0.2),
        Method("uniform-10000", "uniform, N' = 10000", fast, uniform(10_000), 0.2),
        Method("ml-1000", "maximum likelihood, N' = 1000", fast, maximum_likelihood(1000), 0.25),
        Method(
            "mutation", "mutation only, no predictor", "random", evolutionary(100, mutation_ratio=1.0), 0.01
        ),
        Method("uniform-all", "the whole space", fast, ExhaustiveCandidateSampler(), 1.0),
        Method(
            "default",
            "the library's defaults",
            default_predictor(),
            EvolutionaryCandidateSampler(),
            0.2,
            n_iterations=SHORT,
        ),
    ]
    sensitivity = [
        Method(key, label, fast, evolutionary(**changes), 0.04, K, n_iterations=4 * SHORT // K)
        for key, label, K, changes in (
            ("parents-5", "P = 5", 4, {"n_parents": 5}),
            ("parents-100", "P = 100", 4, {"n_parents": 100}),
            ("ratio-0", "alpha = 0", 4, {"mutation_ratio": 0.0}),
            ("ratio-1", "alpha = 1", 4, {"mutation_ratio": 1.0}),
            ("probability-0.02", "p_mutate = 0.02", 4, {"mutation_probability": 0.02}),
            ("probability-0.2", "p_mutate = 0.2", 4, {"mutation_probability": 0.2}),
            ("batch-1", "K = 1", 1, {}),
            ("batch-16", "K = 16", 16, {}),
        )
    ]
    paper = [
        Method(f"paper-{key}", label, paper_predictor(), pool, seconds, n_iterations=30, share=0.25)
        for key, label, pool, seconds in (
            ("evolutionary-1000", "evolutionary, N' = 1000", evolutionary(1000), 5.0),
            ("uniform-1000", "uniform, N' = 1000", uniform(1000), 5.0),
            ("ml-1000", "maximum likelihood, N' = 1000", maximum_likelihood(1000), 6.0),
        )
    ]
    return long + sensitivity + paper


METHODS: dict[str, Method] = {method.key: method for method in _methods()}

UNIFORM = ("uniform-all", "uniform-10000", "uniform-1000", "uniform-100")
ADAPTIVE = ("ml-1000", "ml-100", "evolutionary-1000", "evolutionary-100")
SENSITIVITY = tuple(
    key for key in METHODS if key.split("-")[0] in ("parents", "ratio", "probability", "batch")
)
PAPER = tuple(key for key in METHODS if key.startswith("paper-"))

# What each figure shows. 2 to 10 are the paper's; 11 to 13 go beyond it.
FIGURES: dict[int, tuple[str, ...]] = {
    2: ("random", *UNIFORM),
    3: ("random", *UNIFORM),
    4: ("random", *UNIFORM),
    5: ("random", *UNIFORM),
    6: ("random", "uniform-all", *ADAPTIVE),
    7: ("random", "uniform-all", *ADAPTIVE),
    8: ("evolutionary-1000", "evolutionary-100"),
    9: ("random", "uniform-all", *ADAPTIVE),
    10: ("random", "uniform-all", *ADAPTIVE),
    11: ("random", "mutation", "uniform-100", "evolutionary-100", "evolutionary-1000", "default"),
    12: ("evolutionary-1000", *SENSITIVITY),
    13: ("evolutionary-1000", "uniform-1000", "ml-1000", *PAPER),
}
