"""NAS-Bench-201 as a table."""

from __future__ import annotations

import os

import numpy as np

from ...spaces import NASBench201Space
from .._errors import refusing_damage
from .._npz import read_arrays
from .._tabular import TabularBenchmark
from ._hardware import read_hardware

_PROBLEM = "not a table of NAS-Bench-201"
_REMEDY = "it needs the array architecture, of text, and columns, saved by np.savez"


def load_nasbench201(
    path: str | os.PathLike[str] | None = None,
    *,
    hardware: str | os.PathLike[str] | None = None,
    dataset: str = "cifar10",
) -> TabularBenchmark:
    """Load a table of NAS-Bench-201 from a NumPy archive, with what its cells cost on six devices.

    Parameters
    ----------
    path : path, default=None
        With the arrays ``architecture`` (n,) of strings ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``, and any
        number of columns (n,), such as ``validation_accuracy``. None: the costs alone.
    hardware : path, default=None
        The costs of HW-NAS-Bench: its official ``HW-NAS-Bench-v1_0.pickle``, which is read as data, so that
        nothing in it can run; a CSV file with a column ``architecture`` (strings as above) or ``net``
        (tuples of NASLib's numbers), and one for each cost; or a NumPy archive as for ``path``.
    dataset : {"cifar10", "cifar100", "ImageNet16-120"}, default="cifar10"
        Whose images the costs in the pickle are for.

    Returns
    -------
    TabularBenchmark
        Of :class:`~skpbnas.spaces.NASBench201Space`, with the columns as they are in the file; accuracies
        of this benchmark are usually given in percent. Costs have the names of HW-NAS-Bench, such as
        ``raspi4_latency`` (ms) and ``fpga_energy`` (mJ). A cell that was not measured is NaN in a column of
        costs, and a KeyError in a query.

    Raises
    ------
    OSError
        Where a file cannot be opened.
    DataFileError
        Where it is no such file, is damaged, or holds no such architectures.
    ValueError
        Where neither file is given, there is no such data set, or both files have a column of one name.

    References
    ----------
    Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search", ICLR 2020.
    Li et al., "HW-NAS-Bench: Hardware-Aware Neural Architecture Search Benchmark", ICLR 2021.
    """
    if path is None and hardware is None:
        raise ValueError("give path, a table of accuracies, or hardware, a table of costs, or both")
    measured = None if hardware is None else read_hardware(hardware, dataset)
    if path is None:
        assert measured is not None
        return measured
    table = _read(path)
    return table if measured is None else _joined(table, measured)


def _read(path: str | os.PathLike[str]) -> TabularBenchmark:
    columns = read_arrays(path, _PROBLEM, _REMEDY)
    with refusing_damage(path, _PROBLEM, _REMEDY):
        architectures = columns.pop("architecture")
        space = NASBench201Space()
        return TabularBenchmark(space, space.encode(architectures.tolist()), columns)


def _joined(table: TabularBenchmark, measured: TabularBenchmark) -> TabularBenchmark:
    """Return a table with the columns of another one; NaN where a cell is not in that."""
    twice = sorted(set(measured.columns) & set(table.columns))
    if twice:
        raise ValueError(f"both files have the column {twice[0]!r}; rename it in one of them")
    keys = table.space.canonical_key
    place = {key: k for k, key in enumerate(keys(measured.X).tolist())}
    places = np.array([place.get(key, -1) for key in keys(table.X).tolist()])
    costs = {name: np.where(places < 0, np.nan, column[places]) for name, column in measured.columns.items()}
    return TabularBenchmark(table.space, table.X, table.columns | costs, may_lack=costs)
