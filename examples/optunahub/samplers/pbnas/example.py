"""Search 2,532 cells that were trained on handwritten digits."""

from __future__ import annotations

from pathlib import Path

import optuna
import optunahub

from skpbnas.datasets import load_digits_cells

REGISTRY = Path(__file__).parents[2]


def main(n_trials: int = 40) -> optuna.Study:
    table = load_digits_cells()
    domains = table.space.distributions()

    def objective(trial: optuna.Trial) -> float:
        params = {name: trial.suggest_categorical(name, domain.choices) for name, domain in domains.items()}
        row = table.space.params_to_row(params)
        return float(table.query(row[None], "validation_accuracy")[0])

    module = optunahub.load_local_module("samplers/pbnas", registry_root=str(REGISTRY))
    study = optuna.create_study(direction="maximize", sampler=module.PBNASSampler(table.space, seed=0))
    study.optimize(objective, n_trials)
    return study


if __name__ == "__main__":
    best = main().best_trial
    print(best.value, best.params)
