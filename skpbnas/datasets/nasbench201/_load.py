"""NAS-Bench-201 as a table."""

from __future__ import annotations

import os

from ...spaces import NASBench201Space
from .._errors import refusing_damage
from .._npz import read_arrays
from .._tabular import TabularBenchmark


def load_nasbench201(path: str | os.PathLike[str]) -> TabularBenchmark:
    """Load a table of NAS-Bench-201 from a NumPy archive.

    Parameters
    ----------
    path : path
        With the arrays ``architecture`` (n,) of strings ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``, and any
        number of columns (n,), such as ``validation_accuracy``.

    Returns
    -------
    TabularBenchmark
        Of :class:`~skpbnas.spaces.NASBench201Space`, with the columns as they are in the file; accuracies
        of this benchmark are usually given in percent.

    Raises
    ------
    OSError
        Where the file cannot be opened.
    DataFileError
        Where it is no such archive, is damaged, or holds no such architectures.
    """
    problem = "not a table of NAS-Bench-201"
    remedy = "it needs the array architecture, of text, and columns, saved by np.savez"
    columns = read_arrays(path, problem, remedy)
    with refusing_damage(path, problem, remedy):
        architectures = columns.pop("architecture")
        space = NASBench201Space()
        return TabularBenchmark(space, space.encode(architectures.tolist()), columns)
