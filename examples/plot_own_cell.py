"""
A cell of your own operations
=============================

From operations that nobody has tabulated to a trained network: say what an operation is, and the space, the
search and the network follow.
"""

# %%
# Three operations, each a function of the number of channels. The cells have at most five vertices.
from torch import nn

from skpbnas import CellSpace, PredictorBasedSearch
from skpbnas.nn import CellNetwork, evaluate_network, load_data, train_network


def conv(channels):
    return nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU())


def depthwise(channels):
    return nn.Sequential(
        nn.Conv2d(channels, channels, 5, padding=2, groups=channels), nn.BatchNorm2d(channels)
    )


def pool(channels):
    return nn.AvgPool2d(3, stride=1, padding=1)


operations = {"conv": conv, "depthwise": depthwise, "pool": pool}
data = load_data("digits")


def build(cell):
    return CellNetwork(cell, operations, in_channels=1, channels=8, n_stacks=2)


def objective(cell):
    return train_network(lambda: build(cell), data, n_epochs=2).score


search = PredictorBasedSearch(CellSpace(5, list(operations)), random_state=0)
search.run(objective, n_evaluations=12)

# %%
# The best cell is trained to the end. What comes out is a plain ``torch.nn.Module``.
network = train_network(lambda: build(search.best_architecture_), data).network
accuracy = evaluate_network(network, data.test)
print(search.best_architecture_)

# %%
# Every training, and the best score so far.
import matplotlib.pyplot as plt

from skpbnas.plotting import ConvergenceDisplay, plot_cell

ConvergenceDisplay.from_search(search, score_name="validation accuracy after two epochs")
plt.show()

# %%
# The best cell.

# sphinx_gallery_thumbnail_number = 2
plot_cell(search.best_architecture_, title=f"test accuracy {accuracy:.3f}")
plt.show()
