"""
The widths of a ResNet50: a space of 448^50
===========================================

The space that the paper has in mind: each of 50 layers has a width of its own, from 64 to 511 channels. That
is more networks than can be listed, and no pool holds more than a speck of them.

The objective is a **stand-in**, for looking at the search only; no network is trained. Every layer has a best
width, which rises along the network, and the score is minus the mean squared distance to it, as a share of
the range. So the optimum is known: it scores 0.
"""

# %%
import numpy as np

from skpbnas import (
    EvolutionaryCandidateSampler,
    GPRankPredictor,
    PredictorBasedSearch,
    UniformCandidateSampler,
)
from skpbnas.spaces import ChainSpace

space = ChainSpace([range(64, 512)] * 50)
best_widths = np.linspace(150, 430, 50)


def stand_in(widths):
    return -np.mean(((np.array(widths) - best_widths) / 447) ** 2)


# %%
# With ``n_nodes=1`` the predictor reads a row as a table, and learns the best width of each layer on its own.
# The pool is drawn by mutation, in small steps, and by crossover; what it costs does not depend on the size
# of the space.
search = PredictorBasedSearch(
    space,
    GPRankPredictor(n_nodes=1, exploration=1.0),
    EvolutionaryCandidateSampler(),
    random_state=0,
)
search.run(stand_in, n_evaluations=100)

control = PredictorBasedSearch(space, "random", UniformCandidateSampler(n_candidates=100), random_state=0)
control.run(stand_in, n_evaluations=100)

# %%
# Left, the best score so far. Right, the widths that were found, and the best ones.
import matplotlib.pyplot as plt

from skpbnas.plotting import plot_convergence

figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4), layout="constrained")
plot_convergence({"search": search.history_, "random search": control.history_}, oracle=0, ax=left)
right.plot(search.best_architecture_, "o", color="#0072B2", label="found")
right.plot(best_widths, color="0.4", linewidth=1, label="best")
right.set(xlabel="layer", ylabel="channels")
right.legend(frameon=False)
plt.show()
