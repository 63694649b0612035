"""Cells of convolutions and poolings for handwritten digits."""

from torch import nn

from skpbnas import CellSpace
from skpbnas.nn import CellNetwork, load_data, train_network

digits = load_data("digits")
space = CellSpace(5, ["conv", "pool"])


def conv(channels):
    """Return a convolution that keeps channels and size."""
    layer = nn.Conv2d(channels, channels, 3, padding=1)
    return nn.Sequential(layer, nn.BatchNorm2d(channels), nn.ReLU())


def pool(channels):
    """Return a pooling that keeps channels and size."""
    return nn.MaxPool2d(3, stride=1, padding=1)


def network(cell):
    """Return the network of a cell."""
    operations = {"conv": conv, "pool": pool}
    return CellNetwork(cell, operations, in_channels=1, channels=8)


def trained(cell, seed=0):
    """Train the network of a cell."""
    return train_network(lambda: network(cell), digits, n_epochs=3, seed=seed)


def train(cell, seed=0):
    """Return the validation accuracy after three epochs."""
    return trained(cell, seed).score


def build(cell):
    """Return the trained network, and an example of its input."""
    return trained(cell).network, digits.test[0][:2]
