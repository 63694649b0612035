"""What was tried to rank better: the protocol of ``nasbench101.py`` on 20,000 random cells, the same for all.

The variants are those of the folder ``variants``, an idea in each file.
"""

from __future__ import annotations

import pandas as pd

from benchmarks.harness import Experiment, decimals, grid, mean, pivot, significant

from . import nasbench101, variants
from .nasbench101 import ENSEMBLE, PROCESS, SIZES
from .variants import VARIANTS

N_CELLS, FEW = 20_000, range(100, 105)
PAPER, READ_OUT = "the paper", "4 networks, descriptors at the read-out"
TAU = mean(3, leading_zero=False)


def averaging_ranks_higher(results: pd.DataFrame) -> pd.DataFrame:
    """Return what each member of the ensemble adds."""
    return _tau(results, [PROCESS, "process and trees, 4 to 1", ENSEMBLE])


def processes(results: pd.DataFrame) -> pd.DataFrame:
    """Vary the descriptors, the kernel, the targets and the scales of the process."""
    return _comparison(results, [*variants.kernels.VARIANTS, *variants.descriptors.VARIANTS])


def estimators(results: pd.DataFrame) -> pd.DataFrame:
    """Try other estimators on the descriptors, and several together."""
    together = [name for name in variants.mixtures.VARIANTS if name != READ_OUT]
    return _comparison(results, [PROCESS, *variants.tables.VARIANTS, *together])


def networks(results: pd.DataFrame) -> pd.DataFrame:
    """Vary the settings of the library's network."""
    return _comparison(results, [name for name in variants.networks.VARIANTS if name != PAPER])


def other_networks(results: pd.DataFrame) -> pd.DataFrame:
    """Change one part of a network that the library does not have."""
    parts = ("messages", "losses", "features", "pretraining", "averaging")
    names = [name for part in parts for name in getattr(variants, part).VARIANTS]
    return _comparison(results, [*names, READ_OUT])


def _tau(results: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    lines = results[results["seed"].isin(FEW)]
    return pivot(lines, "predictor", "n", "kendall_tau", TAU).loc[names].rename_axis("Variant").fillna("")


def _comparison(results: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return Kendall's tau at each n, and the other measures at the largest of them.

    The error is that of the difference in tau to the first of the names, seed by seed.
    """
    lines = results[results["seed"].isin(FEW) & (results["n"] == SIZES[2])]
    tau = lines.pivot(index="seed", columns="predictor", values="kendall_tau")
    groups = lines.groupby("predictor")
    table = _tau(results, names)[list(SIZES[:3])]
    table["error"] = tau.sub(tau[names[0]], axis=0).sem().map(decimals(3, leading_zero=False))
    table.loc[names[0], "error"] = ""
    table["precision"] = groups["precision_at_0.5%"].agg(mean(2))
    table["rank"] = groups["best_rank_of_10"].median().map(decimals(0))
    table["seconds"] = groups["fit_seconds"].min().map(significant(2))
    return table


EXPERIMENT = Experiment(
    __file__,
    tables={
        "averaging": averaging_ranks_higher,
        "processes": processes,
        "estimators": estimators,
        "networks": networks,
        "other_networks": other_networks,
    },
    jobs=grid(seed=FEW, n=SIZES[:3], predictor=[name for name in VARIANTS if name != PAPER], cells=[N_CELLS])
    + grid(
        seed=FEW[:3],
        n=SIZES[3:],
        predictor=[PROCESS, "process and trees, 4 to 1", ENSEMBLE],
        cells=[N_CELLS],
    ),
    run=nasbench101.run,
    digits=5,
)
