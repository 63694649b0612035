"""Ranking scores with their scorers, the sample-efficiency gain, and fronts of several objectives."""

from ._gain import (
    GainSplit,
    expected_trials,
    sample_efficiency_gain,
    split_sample_efficiency_gain,
    trials_pmf,
)
from ._pareto import (
    crowding_distance,
    hypervolume,
    hypervolume_curve,
    non_dominated_order,
    non_dominated_rank,
)
from ._random_search import random_search_quantiles
from ._ranking import (
    best_rank_at_k,
    best_rank_at_k_scorer,
    kendall_tau,
    kendall_tau_scorer,
    precision_at_k,
    precision_at_k_scorer,
    spearman_rho,
    spearman_rho_scorer,
)

__all__ = [
    "GainSplit",
    "best_rank_at_k",
    "best_rank_at_k_scorer",
    "crowding_distance",
    "expected_trials",
    "hypervolume",
    "hypervolume_curve",
    "kendall_tau",
    "kendall_tau_scorer",
    "non_dominated_order",
    "non_dominated_rank",
    "precision_at_k",
    "precision_at_k_scorer",
    "random_search_quantiles",
    "sample_efficiency_gain",
    "spearman_rho",
    "spearman_rho_scorer",
    "split_sample_efficiency_gain",
    "trials_pmf",
]
