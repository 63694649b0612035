"""Tables of trained architectures, and objectives that train them."""

from ._errors import DataFileError
from ._nasbench_graph import load_nasbench_graph
from ._nasbench_macro import load_nasbench_macro
from ._noisy import NoisyObjective
from ._tabular import TableObjective, TabularBenchmark
from ._transnas import load_transnas_micro
from .digits import DigitsObjective, load_digits_cells
from .nasbench101 import NASBench101Benchmark, OutOfDomainError, download_nasbench101, load_nasbench101
from .nasbench201 import load_nasbench201

__all__ = [
    "DataFileError",
    "DigitsObjective",
    "NASBench101Benchmark",
    "NoisyObjective",
    "OutOfDomainError",
    "TableObjective",
    "TabularBenchmark",
    "download_nasbench101",
    "load_digits_cells",
    "load_nasbench101",
    "load_nasbench201",
    "load_nasbench_graph",
    "load_nasbench_macro",
    "load_transnas_micro",
]
