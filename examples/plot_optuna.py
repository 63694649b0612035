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


studies = {}
for name, sampler in (
    ("PBNASSampler", PBNASSampler(table.space, seed=0)),
    ("RandomSampler", optuna.samplers.RandomSampler(seed=0)),
):
    studies[name] = optuna.create_study(direction="maximize", sampler=sampler)
    studies[name].optimize(objective, n_trials=60)

# %%
# The best accuracy so far. One seed proves nothing; the documentation compares more.
import matplotlib.pyplot as plt
import numpy as np

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for name, study in studies.items():
    values = [-np.inf if trial.value is None else trial.value for trial in study.trials]
    ax.step(range(1, 61), np.maximum.accumulate(values), where="post", label=name)
ax.axhline(table.oracle("validation_accuracy")[1], color="0.4", linewidth=1, label="best of all cells")
ax.set(xlabel="trials", ylabel="best validation accuracy so far")
ax.legend(frameon=False, loc="lower right")
plt.show()

# %%
# The best cell that the study has found:
best = studies["PBNASSampler"].best_params
table.space.decode(table.space.params_to_row(best)[None])[0]
