"""The cells of TransNAS-Bench-101 as a table."""

from __future__ import annotations

import os
import re

import numpy as np

from ..spaces import NASBENCH201_OPERATIONS, NASBench201Space
from ._errors import refusing_damage
from ._npz import read_arrays
from ._tabular import TabularBenchmark

_OPERATIONS = NASBENCH201_OPERATIONS[:4]  # as 0, 1, 2, 3 in the official strings
_OFFICIAL = re.compile(r"64-41414-([0-3])_([0-3])([0-3])_([0-3])([0-3])([0-3])")
_PROBLEM = "not a table of TransNAS-Bench-101's cells"
_REMEDY = "it needs the array architecture, of text, and columns, saved by np.savez"


def load_transnas_micro(path: str | os.PathLike[str]) -> TabularBenchmark:
    """Load a table of the 4,096 cells of TransNAS-Bench-101 (micro), trained on seven tasks of vision.

    Parameters
    ----------
    path : path
        A NumPy archive with the arrays ``architecture`` (n,), the official strings
        ``64-41414-{a}_{bc}_{def}`` or those of NAS-Bench-201, and any number of columns (n,), such as the
        validation score of each task. The official file is a PyTorch archive; the documentation's page on
        tables tells how to make one from the other.

    Returns
    -------
    TabularBenchmark
        Of a :class:`~skpbnas.spaces.NASBench201Space` with the operations ``none``, ``skip_connect``,
        ``nor_conv_1x1`` and ``nor_conv_3x3``.

    Raises
    ------
    OSError
        Where the file cannot be opened.
    DataFileError
        Where it is no such archive, is damaged, or holds no such architectures.

    References
    ----------
    Duan et al., "TransNAS-Bench-101: Improving Transferability and Generalizability of Cross-Task Neural
    Architecture Search", CVPR 2021.
    """
    columns = read_arrays(path, _PROBLEM, _REMEDY)
    with refusing_damage(path, _PROBLEM, _REMEDY):
        architectures = columns.pop("architecture")
        space = NASBench201Space(_OPERATIONS)
        X = space.encode([_operations(text) for text in np.asarray(architectures, str).tolist()])
        return TabularBenchmark(space, X, columns)


def _operations(text: str) -> str | list[str]:
    """Return the operations of an official string; any other text as it is."""
    match = _OFFICIAL.fullmatch(text)
    return text if match is None else [_OPERATIONS[int(digit)] for digit in match.groups()]
