"""
How well does the predictor rank?
=================================

The predictor is a scikit-learn estimator, so that its rankings are judged as those of any other: in a
pipeline, by cross-validation. The pipeline below starts from readable cells. Its first step turns them into
rows, and its second step ranks these.
"""

# %%
# The data are all cells of at most five vertices, each trained three times on handwritten digits. The
# target is the mean validation accuracy of the three trainings.
from skpbnas.datasets import load_digits_cells

table = load_digits_cells()
space = table.space
cells, accuracy = space.decode(table.X), table.columns["validation_accuracy"]
print(
    f"{len(cells)} cells, with accuracies from {accuracy.min():.3f} to {accuracy.max():.3f}. One of them:\n"
)
print(cells[1000])

# %%
# The graph predictor is compared with two that see the same rows and no graph: the same network with
# ``n_nodes=1``, to which a row is one list of numbers (a perceptron), and a random forest.
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline

from skpbnas import ArchitectureEncoder, GCNRankPredictor

predictors = {
    "graph convolutions": GCNRankPredictor(n_nodes=space.n_nodes, random_state=0),
    "perceptron": GCNRankPredictor(n_nodes=1, random_state=0),
    "random forest": RandomForestRegressor(random_state=0),
}

# %%
# Kendall's :math:`\tau` is measured on 500 cells that were not learned from, in four random splits for each
# number of training cells.
from sklearn.model_selection import ShuffleSplit, cross_val_score

from skpbnas.metrics import kendall_tau, kendall_tau_scorer

sizes = [10, 20, 40, 80, 160, 320]
scores = {}
for name, predictor in predictors.items():
    pipeline = make_pipeline(ArchitectureEncoder(space), predictor)
    scores[name] = [
        cross_val_score(pipeline, cells, accuracy, scoring=kendall_tau_scorer, cv=splits)
        for splits in (ShuffleSplit(4, train_size=n, test_size=500, random_state=0) for n in sizes)
    ]

# %%
# What is a good value? To compare: how well the accuracy of one training ranks the cells by that of
# another. This is no bound, because the mean of three trainings, which is the target here, is less noisy
# than each of them.
between_trainings = kendall_tau(*(table.columns[f"validation_accuracy_{k}"] for k in range(2)))
print(f"Kendall's tau between two trainings: {between_trainings:.3f}")

# %%
# The lines show the mean over the splits, the bands one standard deviation.
import matplotlib.pyplot as plt
import numpy as np

from skpbnas.plotting import COLOURS, LINE_STYLES

figure, ax = plt.subplots(layout="constrained")
for k, (name, values) in enumerate(scores.items()):
    mean, spread = np.mean(values, axis=1), np.std(values, axis=1)
    ax.plot(sizes, mean, color=COLOURS[k], linestyle=LINE_STYLES[k], marker="osD"[k], label=name)
    ax.fill_between(sizes, mean - spread, mean + spread, color=COLOURS[k], alpha=0.15, linewidth=0)
ax.axhline(between_trainings, color="0.4", linewidth=1, label="one training by another")
ax.set_xscale("log", base=2)
ax.set_xticks(sizes, [str(size) for size in sizes])
ax.set(xlabel="cells to learn from", ylabel=r"Kendall's $\tau$ on 500 other cells")
ax.legend(frameon=False, loc="lower right")
plt.show()
