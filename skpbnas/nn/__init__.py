"""Architectures as plain torch modules, and what modules cost."""

from ._cell_network import CellNetwork
from ._costs import ModuleCosts, count_costs
from ._latency import Latency, measure_latency
from ._nasbench import nasbench101_network, nasbench201_network

__all__ = [
    "CellNetwork",
    "Latency",
    "ModuleCosts",
    "count_costs",
    "measure_latency",
    "nasbench101_network",
    "nasbench201_network",
]
