"""Tables of trained architectures, and objectives that train them."""

from ._digits_cells import DigitsObjective, load_digits_cells
from ._nasbench101 import load_nasbench101
from ._nasbench101_benchmark import NASBench101Benchmark, OutOfDomainError
from ._nasbench101_download import download_nasbench101
from ._nasbench201 import load_nasbench201
from ._tabular import TableObjective, TabularBenchmark
from ._tfrecord import DataFileError

__all__ = [
    "DataFileError",
    "DigitsObjective",
    "NASBench101Benchmark",
    "OutOfDomainError",
    "TableObjective",
    "TabularBenchmark",
    "download_nasbench101",
    "load_digits_cells",
    "load_nasbench101",
    "load_nasbench201",
]
