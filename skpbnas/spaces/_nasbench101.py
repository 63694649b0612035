"""The search space of NASBench-101 (Ying et al. 2019)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._cell_space import CellSpace
from ._module_hash import hash_modules

NASBENCH101_OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")


class NASBench101Space(CellSpace):
    """The 423,624 unique cells of NASBench-101: at most 7 vertices, 3 operations and 9 edges.

    Examples
    --------
    >>> from skpbnas import NASBench101Space
    >>> space = NASBench101Space()
    >>> len(space)
    423624

    References
    ----------
    Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019.
    """

    def __init__(self) -> None:
        super().__init__(7, NASBENCH101_OPERATIONS, max_edges=9)

    def __repr__(self) -> str:
        return "NASBench101Space()"

    def module_hash(self, X: ArrayLike) -> NDArray[np.str_]:
        """Return the official graph hash (MD5, 32 hexadecimal digits) of each valid row."""
        self._require_valid(X)
        return hash_modules(self._graphs(X)[0])
