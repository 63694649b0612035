"""Architectures as plain torch modules."""

from ._cell_network import CellNetwork
from ._nasbench import nasbench101_network, nasbench201_network

__all__ = ["CellNetwork", "nasbench101_network", "nasbench201_network"]
