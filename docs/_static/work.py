"""Cells of convolutions and poolings for handwritten digits."""

from torch import nn

from skpbnas import CellSpace
from skpbnas.nn import CellNetwork, load_data, train_network

digits = load_data("digits")
space = CellSpace(5, ["conv", "pool"])


def conv(channels):
    """Return a convolution that keeps channels and size."""
    return nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU())


def pool(channels):
    """Return a pooling that keeps channels and size."""
    return nn.MaxPool2d(3, stride=1, padding=1)


def trained(cell, seed=0):
    """Train the network of a cell."""
    operations = {"conv": conv, "pool": pool}
    return train_network(
        lambda: CellNetwork(cell, operations, in_channels=1, channels=8, n_stacks=2),
        digits,
        n_epochs=3,
        batch_size=64,
        seed=seed,
    )


def train(cell, seed=0):
    """Return the validation accuracy after three epochs."""
    return trained(cell, seed).score


def build(cell):
    """Return the network of the best cell, trained, and an example of its input."""
    return trained(cell).network, digits.test[0][:2]
