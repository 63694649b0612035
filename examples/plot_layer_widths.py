"""
The widths of a network
=======================

The space that the paper has in mind: every layer has a width of its own. Six layers of 4 to 32 channels are
594 million networks, more than can be listed; those of a ResNet50, ``ChainSpace([range(64, 512)] * 50)``, are
448^50, and nothing below would change.

Each network that the search asks for is built and trained on scikit-learn's handwritten digits. It may have
10,000 parameters at most, which are counted from its row, before anything is trained.
"""

# %%
# A chain has one entry for each layer, so that an architecture is a tuple of widths.
from torch import nn

from skpbnas import PredictorBasedSearch
from skpbnas.nn import count_costs, evaluate_network, load_data, train_network
from skpbnas.spaces import ChainSpace, ConstrainedSpace, plain_cnn_costs

widths = ChainSpace([range(4, 33)] * 6)
small = ConstrainedSpace(widths, lambda X: plain_cnn_costs(widths, X, image_channels=1).parameters <= 10_000)


def build(architecture):
    layers, channels = [], 1
    for width in architecture:
        layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


# %%
# The objective is a short training. The pool is drawn by mutation, in small steps, and by crossover, so that
# what it costs does not depend on the size of the space.
data = load_data("digits")


def objective(architecture):
    return train_network(lambda: build(architecture), data, n_epochs=2).score


search = PredictorBasedSearch(small, random_state=0)
search.run(objective, n_evaluations=16)

# %%
# The best one is trained for longer, and only then meets the images that were kept for the test.
best = train_network(lambda: build(search.best_architecture_), data, n_epochs=8).network
accuracy = evaluate_network(best, data.test)
print(
    search.best_architecture_, count_costs(best, data.test[0][:1]).parameters, "parameters", f"{accuracy:.3f}"
)

# %%
# Every training, and the best score so far.
import matplotlib.pyplot as plt

from skpbnas.plotting import ConvergenceDisplay

ConvergenceDisplay.from_search(search, score_name="validation accuracy after two epochs")
plt.show()

# %%
# The widths of all networks that were trained; the darker, the better.

# sphinx_gallery_thumbnail_number = 2
figure, ax = plt.subplots(layout="constrained")
shares = search.history_["score"].rank(pct=True)
for numbers, share in zip(widths.numbers(search.evaluated_rows_), shares, strict=True):
    ax.plot(range(1, 7), numbers, color="#0072B2", alpha=share**2)
ax.plot(
    range(1, 7), search.best_architecture_, "o-", color="#D55E00", label=f"best: test accuracy {accuracy:.3f}"
)
ax.set(xlabel="layer", ylabel="channels")
ax.legend(frameon=False)
plt.show()
