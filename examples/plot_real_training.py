"""
A search that trains for real
=============================

No table: each cell that the search asks for is built as a network and trained on scikit-learn's handwritten
digits, for about a second. The space is that of NASBench-101, 423,624 cells.
"""

# %%
# The objective takes one cell and returns its validation accuracy. It is a plain callable; yours may train
# anything on any machine.
from skpbnas import NASBench101Space, PredictorBasedSearch
from skpbnas.datasets import DigitsObjective

search = PredictorBasedSearch(NASBench101Space(), n_initial=8, batch_size=4, random_state=0)
search.run(DigitsObjective(), n_evaluations=20)

# %%
# The history has one line for each evaluation. With ``checkpoint=`` it would also have been saved after
# each one, and an interrupted search would continue where it stopped.
history = search.history_
history[["evaluation", "iteration", "score", "predicted_score", "evaluation_seconds"]].tail(8).round(3)

# %%
# Every evaluation, and the best cell that was found. Twenty evaluations are few, and one search proves
# nothing; but the choices of the predictor differ visibly from the random ones at the start.
import matplotlib.pyplot as plt

from skpbnas.plotting import COLOURS, plot_cell, plot_convergence

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.5), width_ratios=(5, 4), layout="constrained")
plot_convergence({"best so far": history}, ax=left)
for name, chosen, colour, marker in (
    ("random, at the start", history["iteration"] == 0, COLOURS[4], "s"),
    ("chosen by the predictor", history["iteration"] > 0, COLOURS[2], "o"),
):
    left.scatter(
        history["evaluation"][chosen], history["score"][chosen], color=colour, marker=marker, label=name
    )
left.set(ylabel="validation accuracy")
left.legend(frameon=False, loc="lower right")
plot_cell(search.best_architecture_, ax=right)
right.set_title(f"best cell: {search.best_score_:.3f}")
plt.show()
