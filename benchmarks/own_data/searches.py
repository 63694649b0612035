"""Searches of equal budgets among the networks of ``trainings.py``, through the same estimator.

60 trainings each, minus the validation loss as the score. ``ArchitectureSearchCV`` with its defaults, with
random choices, and Optuna's samplers, whose users would write ``n_layers`` and three widths as integers; a
network that Optuna suggests again is not trained again and does not count, up to 120 suggestions. Hyperband
(random sampling, factor 3, epochs 2, 6 and 18) may spend the epochs of 60 whole trainings. KerasTuner's
``BayesianOptimization`` asks for as many widths as there are layers, as its guide does, and never suggests
the same again. It needs ``pip install keras keras-tuner`` (3.15 and 1.4 here). The test data are looked at
for the network with the lowest validation loss so far, after 30 and after 60 trainings.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np
import optuna
import pandas as pd
from scipy.stats import norm, rankdata, ttest_ind, wilcoxon
from sklearn.model_selection import ShuffleSplit

from benchmarks.harness import Experiment, grid
from skpbnas import ArchitectureSearchCV, UniformCandidateSampler
from skpbnas.nn import mlp_space

from ._networks import ACTIVATIONS, DATA, EPOCHS, N_LAYERS, N_TEST, RATES, WIDTHS, Network, losses
from .fixed import EXPERIMENT as FIXED

BUDGETS = (30, 60)
NAMES = {
    "default": "ArchitectureSearchCV",
    "random": "random",
    "tpe": "TPE",
    "gp": "GPSampler",
    "hyperband": "Hyperband",
    "keras": "KerasTuner",
}
METHODS = ("default", "random", "tpe", "hyperband", "gp")
SLOW = "keras"  # measured on few seeds
SPACE = {
    "hidden_layer_sizes": mlp_space(N_LAYERS, WIDTHS),
    "activation": optuna.distributions.CategoricalDistribution(ACTIVATIONS),
    "rate": optuna.distributions.IntDistribution(0, len(RATES) - 1),
}
_MAX_TRIALS = 120  # of a sampler that suggests the same again and again

Cost = tuple[Any, float]  # a finished training, and what it and all before have cost, in whole trainings


def run(seed: int, data: str, method: str) -> list[dict[str, Any]]:
    """Search once, and tell what was found after each budget."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    start = process_time()
    found = list(_SEARCHES[method](data, seed))
    seconds = process_time() - start
    lines = []
    for budget in BUDGETS:
        best = min((training for training, cost in found if cost <= budget), key=lambda line: line.loss_18)
        lines.append(
            {
                "trainings": budget,
                "loss": best.loss_18,
                "place": int(np.searchsorted(losses(data), best.loss_18)) + 1,
                "test_loss": best.test_loss,
                "test_accuracy": best.test_accuracy,
                "search_seconds": seconds,
            }
        )
    return lines


def _ours(**options: Any) -> Callable[[str, int], Iterator[Cost]]:
    def search(data: str, seed: int) -> Iterator[Cost]:
        X = np.zeros((10, 1))  # the table knows the data
        found = ArchitectureSearchCV(
            Network(data), SPACE, n_evaluations=max(BUDGETS), cv=ShuffleSplit(1), random_state=seed, **options
        ).fit(X)
        for number, params in enumerate(found.cv_results_["params"], 1):
            yield Network(data, **params).fit(X).training_, number

    return search


def _suggested(trial: optuna.Trial, data: str) -> Any:
    n_layers = trial.suggest_int("n_layers", 1, N_LAYERS)
    choices = [trial.suggest_int(f"width_{k}", 0, len(WIDTHS) - 1) for k in range(N_LAYERS)]
    activation = trial.suggest_categorical("activation", ACTIVATIONS)
    rate = trial.suggest_int("rate", 0, len(RATES) - 1)
    widths = tuple(WIDTHS[choice] for choice in choices[:n_layers])
    return Network(data, widths, activation, rate).fit(None).training_


def _optuna(make: Callable[[int], Any]) -> Callable[[str, int], Iterator[Cost]]:
    def search(data: str, seed: int) -> Iterator[Cost]:
        study = optuna.create_study(sampler=make(seed))
        known: dict[tuple[Any, ...], int] = {}
        for _ in range(_MAX_TRIALS):
            trial = study.ask()
            training = _suggested(trial, data)
            study.tell(trial, training.loss_18)
            if tuple(training) not in known:
                known[tuple(training)] = len(known) + 1
                yield training, len(known)
            if len(known) == max(BUDGETS):
                return

    return search


def _keras(data: str, seed: int) -> Iterator[Cost]:
    os.environ["KERAS_BACKEND"] = "torch"
    import keras_tuner

    found = []

    class Tuner(keras_tuner.BayesianOptimization):  # type: ignore[misc]
        def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> float:
            parameters = trial.hyperparameters
            n_layers = parameters.Int("n_layers", 1, N_LAYERS)
            widths = []
            for k in range(n_layers):
                with parameters.conditional_scope("n_layers", list(range(k + 1, N_LAYERS + 1))):
                    widths.append(parameters.Choice(f"width_{k}", list(WIDTHS)))
            activation = parameters.Choice("activation", list(ACTIVATIONS))
            rate = parameters.Int("rate", 0, len(RATES) - 1)
            found.append(Network(data, tuple(widths), activation, rate).fit(None).training_)
            return float(found[-1].loss_18)

    with TemporaryDirectory() as folder:
        options = {"objective": "loss", "max_trials": max(BUDGETS), "seed": seed, "directory": folder}
        Tuner(lambda parameters: None, **options).search(verbose=0)
    return ((training, number) for number, training in enumerate(found, 1))


def _hyperband(data: str, seed: int) -> Iterator[Cost]:
    pruner = optuna.pruners.HyperbandPruner(EPOCHS[0], EPOCHS[-1], reduction_factor=3)
    study = optuna.create_study(
        sampler=optuna.samplers.RandomSampler(seed), pruner=pruner, study_name=str(seed)
    )
    epochs = 0
    while epochs < max(BUDGETS) * EPOCHS[-1]:
        trial = study.ask()
        training, before = _suggested(trial, data), 0
        for epoch in EPOCHS:
            epochs += epoch - before
            before = epoch
            trial.report(getattr(training, f"loss_{epoch}"), epoch)
            if epoch < EPOCHS[-1] and trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, training.loss_18)
            yield training, epochs / EPOCHS[-1]


_SEARCHES: dict[str, Callable[[str, int], Iterator[Cost]]] = {
    "default": _ours(),
    "random": _ours(predictor="random", candidates=UniformCandidateSampler(n_candidates=100)),
    "tpe": _optuna(lambda seed: optuna.samplers.TPESampler(seed=seed)),
    "gp": _optuna(lambda seed: optuna.samplers.GPSampler(seed=seed)),
    "hyperband": _hyperband,
    "keras": _keras,
}


def ranks(results: pd.DataFrame) -> pd.DataFrame:
    """Return mean ranks over data sets and seeds, and paired comparisons with the default."""
    return _ranks(results, METHODS)


def slow_ranks(results: pd.DataFrame) -> pd.DataFrame:
    """Return the same with the search that takes long, on the runs that it has."""
    return _ranks(results, [*METHODS, SLOW])


def _ranks(results: pd.DataFrame, methods: Sequence[str]) -> pd.DataFrame:
    columns = {}
    for budget in BUDGETS:
        losses_of = _by_method(results, budget, "loss", methods)
        rank = pd.DataFrame(rankdata(losses_of, axis=1), losses_of.index, losses_of.columns)
        columns[f"mean rank, {budget}"] = rank.groupby("data").mean().mean().map("{:.2f}".format)
        place = _by_method(results, budget, "place", methods).groupby("data").median()
        columns[f"median place of 312, {budget}"] = place.median().map("{:.1f}".format)
        columns[f"won, drawn, lost by the default, {budget}"] = pd.Series(
            {method: _paired(losses_of["default"], losses_of[method]) for method in methods}
        )
    columns["data sets"] = str(losses_of.index.unique("data").size)
    columns["runs"] = str(len(losses_of))
    columns["seconds of searching"] = (
        results.groupby("method")["search_seconds"].median().map("{:.1f}".format)
    )
    return pd.DataFrame(columns).loc[list(methods)].rename(NAMES).rename_axis("Search")


def _paired(ours: pd.Series, others: pd.Series) -> str:
    """Return on how many runs the loss is lower, equal, higher, and the p-value of a signed-rank test."""
    if ours.equals(others):
        return ""
    counts = [int(value) for value in ((ours < others).sum(), (ours == others).sum(), (ours > others).sum())]
    return f"{counts[0]}, {counts[1]}, {counts[2]} (p = {wilcoxon(ours, others).pvalue:.2g})"


def half(results: pd.DataFrame) -> pd.DataFrame:
    """Return places after 30 trainings of the default beside those of the others after 60."""
    table = _by_method(results, 60, "place")
    table.insert(0, "half", _by_method(results, 30, "place")["default"])
    names = {"half": "ArchitectureSearchCV, 30", **{method: f"{NAMES[method]}, 60" for method in METHODS}}
    means = table.groupby("data", sort=False).mean().map("{:.1f}".format)
    return means[list(names)].rename(columns=names).rename_axis("Data")


def tests(results: pd.DataFrame) -> pd.DataFrame:
    """Return test accuracies after 60 trainings."""
    percent = 100 * _by_method(results, 60, "test_accuracy")
    table = percent.groupby("data", sort=False).agg(lambda values: f"{values.mean():.1f}")
    fixed = 100 * FIXED.results().groupby("data")["test_accuracy"].mean()
    table["fixed network"] = fixed.map("{:.1f}".format)
    return table.rename(columns=NAMES).rename_axis("Data")


def against_fixed(results: pd.DataFrame) -> pd.DataFrame:
    """Return how much better the default is than the fixed network, and whether it could be luck.

    Of the seeds: Welch's t-test. Of the test examples: whether two shares of so many differ.
    """
    ours = _by_method(results, 60, "test_accuracy")["default"]
    fixed = FIXED.results().set_index("data")["test_accuracy"]
    lines = {}
    for data in ours.index.unique("data"):
        first, second, n = ours.loc[data], fixed.loc[[data]], N_TEST[data]
        shares = np.array([first.mean(), second.mean()])
        z = (shares[0] - shares[1]) / np.sqrt((shares * (1 - shares)).sum() / n)
        lines[data] = {
            "ArchitectureSearchCV minus fixed": f"{100 * (shares[0] - shares[1]):+.1f}",
            "p, seeds": _p_value(ttest_ind(first, second, equal_var=False).pvalue),
            "test examples": str(n),
            "p, test examples": _p_value(2 * norm.sf(abs(z))),
        }
    return pd.DataFrame(lines).T.rename_axis("Data")


def _p_value(p: float) -> str:
    return "below 0.001" if p < 0.001 else f"{p:.2g}"


def _by_method(
    results: pd.DataFrame, budget: int, column: str, methods: Sequence[str] = METHODS
) -> pd.DataFrame:
    """Return a line for each data set and seed that all methods have, and a column for each method."""
    lines = results[(results["trainings"] == budget) & results["method"].isin(methods)]
    return lines.pivot(index=["data", "seed"], columns="method", values=column).dropna().loc[:, list(methods)]


EXPERIMENT = Experiment(
    __file__,
    tables={
        "ranks": ranks,
        "slow_ranks": slow_ranks,
        "half": half,
        "tests": tests,
        "against_fixed": against_fixed,
    },
    jobs=[*grid(seed=range(10), data=DATA, method=METHODS), *grid(seed=range(2), data=DATA, method=[SLOW])],
    run=run,
)
