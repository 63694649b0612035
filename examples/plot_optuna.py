r"""
A study of Optuna
=================

:class:`~skpbnas.PBNASSampler` proposes architectures to a study. Here the objective looks a validation
accuracy up in the table of really trained cells, and Optuna's random sampler sees the same parameters.
"""

# %%
# ``space.suggest(trial)`` suggests all parameters of a cell and returns the cell. Parameters that are no cell
# can only come from the random sampler; such trials are pruned and reported as infeasible.
import optuna

from skpbnas import PBNASSampler
from skpbnas.datasets import load_digits_cells

optuna.logging.set_verbosity(optuna.logging.WARNING)
table = load_digits_cells()


def objective(trial):
    cell = table.space.suggest(trial)
    return float(table.query(table.space.encode([cell]), "validation_accuracy")[0])


samplers = {
    "PBNASSampler": lambda seed: PBNASSampler(table.space, seed=seed),
    "RandomSampler": lambda seed: optuna.samplers.RandomSampler(seed=seed),
}
studies = {name: [] for name in samplers}
for name, make in samplers.items():
    for seed in range(4):
        study = optuna.create_study(direction="maximize", sampler=make(seed))
        study.optimize(objective, n_trials=40)
        studies[name].append(study)

# %%
# The best accuracy so far: medians and quartiles of four seeds, and every trial. :doc:`/optuna_samplers`
# compares more samplers, on more seeds.
import matplotlib.pyplot as plt
import pandas as pd

from skpbnas.plotting import ConvergenceDisplay


def history(study):
    score = pd.Series([trial.value for trial in study.trials], dtype=float)  # a pruned trial has none
    return pd.DataFrame({"evaluation": score.index + 1, "score": score, "best_score": score.cummax().ffill()})


histories = {name: [history(study) for study in runs] for name, runs in studies.items()}
best = table.oracle("validation_accuracy")[1]
ConvergenceDisplay(histories, oracle=best, score_name="validation accuracy").plot()
plt.show()

# %%
# The best cell that the first study has found:
best = studies["PBNASSampler"][0].best_params
table.space.decode(table.space.params_to_row(best)[None])[0]
