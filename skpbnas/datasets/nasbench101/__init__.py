"""NASBench-101: the official files read, converted, and mapped into memory."""

from ._benchmark import NASBench101Benchmark, OutOfDomainError
from ._download import download_nasbench101
from ._load import load_nasbench101

__all__ = ["NASBench101Benchmark", "OutOfDomainError", "download_nasbench101", "load_nasbench101"]
