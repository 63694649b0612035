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

ax = plot_convergence({"best so far": history})
for name, chosen, colour, marker in (
    ("random, at the start", history["iteration"] == 0, COLOURS[4], "s"),
    ("chosen by the predictor", history["iteration"] > 0, COLOURS[2], "o"),
):
    ax.scatter(
        history["evaluation"][chosen], history["score"][chosen], color=colour, marker=marker, label=name
    )
ax.set(ylabel="validation accuracy")
ax.legend(frameon=False, loc="lower right")
plt.show()

# %%
# The best cell, from its input at the top to its output. (Its drawing stands for this page in the gallery.)

# sphinx_gallery_thumbnail_number = 2
plot_cell(search.best_architecture_, title=f"best cell: {search.best_score_:.3f}")
plt.show()
