"""Architectures as plain torch modules, what modules cost, and trainings on data that comes with packages."""

from ._cell_network import CellNetwork
from ._costs import ModuleCosts, count_costs
from ._data import Data, load_data
from ._latency import Latency, measure_latency
from ._mlp import MLP, mlp_space
from ._nasbench import nasbench101_network, nasbench201_network
from ._residual_cnn import ResidualCNN, residual_cnn_space, series_cnn_space
from ._super_network import SuperNetwork, train_supernetwork
from ._training import Training, evaluate_network, train_network
from ._transformer import CausalTransformer, transformer_space
from ._zero_cost import ZeroCostFeatures

__all__ = [
    "MLP",
    "CausalTransformer",
    "CellNetwork",
    "Data",
    "Latency",
    "ModuleCosts",
    "ResidualCNN",
    "SuperNetwork",
    "Training",
    "ZeroCostFeatures",
    "count_costs",
    "evaluate_network",
    "load_data",
    "measure_latency",
    "mlp_space",
    "nasbench101_network",
    "nasbench201_network",
    "residual_cnn_space",
    "series_cnn_space",
    "train_network",
    "train_supernetwork",
    "transformer_space",
]
