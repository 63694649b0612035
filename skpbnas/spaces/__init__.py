"""Search spaces: what an architecture is, and how it becomes a row of numbers."""

from ._base import Rows, SearchSpace
from ._cell import Cell
from ._cell_space import CellSpace
from ._chain_space import ChainSpace
from ._choices import Identity, Unordered
from ._constrained_space import ConstrainedSpace, InfeasibleSpaceError
from ._costs import Costs, cell_costs, chain_costs, plain_cnn_costs
from ._nasbench101 import NASBENCH101_OPERATIONS, NASBench101Space
from ._nasbench201 import NASBENCH201_OPERATIONS, NASBench201Space
from ._nasbench_graph import NASBenchGraphSpace
from ._parameter_space import ParameterSpace
from ._product_space import ProductSpace

__all__ = [
    "NASBENCH101_OPERATIONS",
    "NASBENCH201_OPERATIONS",
    "Cell",
    "CellSpace",
    "ChainSpace",
    "ConstrainedSpace",
    "Costs",
    "Identity",
    "InfeasibleSpaceError",
    "NASBench101Space",
    "NASBench201Space",
    "NASBenchGraphSpace",
    "ParameterSpace",
    "ProductSpace",
    "Rows",
    "SearchSpace",
    "Unordered",
    "cell_costs",
    "chain_costs",
    "plain_cnn_costs",
]
