"""What all benchmarks share: protocols, resumable runs, tables for the documentation, and the data."""

from ._data import data_file, data_folder, nasbench101, nasbench201
from ._experiment import Experiment, grid
from ._format import Text, decimals, mean, mean_and_error, median, pivot, significant, value_range, within
from ._tables import table_path, table_text, update_readme, write_tables

__all__ = [
    "Experiment",
    "Text",
    "data_file",
    "data_folder",
    "decimals",
    "grid",
    "mean",
    "mean_and_error",
    "median",
    "nasbench101",
    "nasbench201",
    "pivot",
    "significant",
    "table_path",
    "table_text",
    "update_readme",
    "value_range",
    "within",
    "write_tables",
]
