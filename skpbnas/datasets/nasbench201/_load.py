"""NAS-Bench-201 as a table."""

from __future__ import annotations

import os

import numpy as np

from ...spaces import NASBench201Space
from .._errors import DataFileError
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
        Where it is no such archive.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            columns = {name: file[name] for name in file.files}
        architectures = columns.pop("architecture")
        space = NASBench201Space()
        return TabularBenchmark(space, space.encode(architectures.tolist()), columns)
    except OSError:
        raise
    except Exception as error:  # whatever NumPy, zip and zlib raise on a damaged archive
        problem = f"not a table of NAS-Bench-201 ({error}); it needs the array architecture, and columns"
        raise DataFileError(path, problem) from error
