"""
Accurate, small, and fast to compute
====================================

Accuracy takes a training; what a cell costs can be counted. A search that is given the costs predicts the
accuracy alone, and looks for the cells that no other dominates: in accuracy, parameters, and operations.
"""

# %%
# The table holds 2,532 cells, each really trained on handwritten digits. Functions of rows return what a cell
# costs; these two count (latency or energy come from a table of measurements in the same way).
import numpy as np

from skpbnas import PredictorBasedSearch, load_digits_cells
from skpbnas.spaces import cell_costs

table = load_digits_cells()


def parameters(rows):
    return table.query(rows, "trainable_parameters")


def operations(rows):  # millions for one image of 8 x 8 pixels
    network = {
        "stem_channels": 16,
        "n_stacks": 2,
        "n_cells_per_stack": 1,
        "image_channels": 1,
        "image_size": 8,
    }
    return cell_costs(table.space, rows, **network).flops / 1e6


# %%
# The objective returns the accuracy. The search begins with eight cells that are spread over the costs.
accuracy = table.objective("validation_accuracy")
costs = {"parameters": parameters, "operations": operations}
search = PredictorBasedSearch(table.space, costs=costs, random_state=0).run(accuracy, n_evaluations=60)
print(search.results_.head(10)[["score", "parameters", "operations", "architecture"]].to_string())

# %%
# How much of what could be found has been found? The volume that the front dominates grows with each
# evaluation; the line is the volume of all cells of the table. Random cells are the control.
from skpbnas import UniformCandidateSampler
from skpbnas.metrics import hypervolume
from skpbnas.plotting import plot_hypervolume, plot_pareto_front

pool = UniformCandidateSampler(n_candidates=100)
control = PredictorBasedSearch(table.space, "random", pool, costs=costs, random_state=0)
control.run(accuracy, n_evaluations=60)
worst = {"score": 0.5, "parameters": 40_000.0, "operations": 2.0}
axes = plot_hypervolume({"search": search.history_, "random": control.history_}, worst)
everything = np.stack([accuracy(table.X), -parameters(table.X), -operations(table.X)], axis=1)
axes.axhline(hypervolume(everything, [0.5, -40_000, -2]), color="0.4", linewidth=1)
axes.figure.show()

# %%
# Two of the three axes at a time. A point on the front of three need not be on that of two.
histories = {"search": search.history_, "random": control.history_}
plot_pareto_front(histories, ("parameters", "score")).figure.show()

# %%
# Only cells of at most 10,000 parameters are of interest? A reference says so.
small = PredictorBasedSearch(
    table.space, costs={"parameters": parameters}, reference={"parameters": 10_000.0}, random_state=0
)
small.run(accuracy, n_evaluations=60)
print(small.pareto_front_)
