"""The sampler as OptunaHub loads it."""

from pathlib import Path

import optuna
import pytest

optunahub = pytest.importorskip("optunahub")
REGISTRY = Path(__file__).parents[3]
OPERATIONS = ("conv", "pool")


@pytest.fixture
def sampler_class() -> type[optuna.samplers.BaseSampler]:
    return optunahub.load_local_module("samplers/pbnas", registry_root=str(REGISTRY)).PBNASSampler


def graph(trial: optuna.Trial) -> float:
    edges = [trial.suggest_categorical(f"edge_{k}", (0, 1)) for k in range(6)]
    nodes = [trial.suggest_categorical(f"op_node_{i}", OPERATIONS) for i in range(2)]
    return sum(edges) + nodes.count("conv")


def numbers(trial: optuna.Trial) -> float:
    return -((trial.suggest_float("x", -5, 5) - 1) ** 2) - trial.suggest_int("n", 0, 3)


@pytest.mark.parametrize("objective", [graph, numbers])
def test_the_same_seed_gives_the_same_trials(sampler_class, objective):
    runs = []
    for _ in range(2):
        study = optuna.create_study(direction="maximize", sampler=sampler_class(seed=1))
        study.optimize(objective, n_trials=12)
        runs.append([trial.params for trial in study.trials])
    assert runs[0] == runs[1]
