"""A table of trained architectures: what a search can be measured on without training anything."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..spaces import NASBench101Space, Rows, SearchSpace
from ._errors import refusing_damage
from ._npz import read_arrays

if TYPE_CHECKING:
    from ._noisy import NoisyObjective


class TabularBenchmark:
    """A space, architectures of it, and what was measured of each.

    Parameters
    ----------
    space : SearchSpace
    X : array-like of shape (n, n_features)
        Valid rows, no two of them isomorphic.
    columns : mapping of str to array-like of shape (n,)
        The measurements, such as accuracies and seconds.
    may_lack : collection of str, default=()
        Columns that are NaN where an architecture was not measured; a query for it raises KeyError.

    Attributes
    ----------
    columns : dict of str to ndarray
        The measurements.
    n_queries : int
        How many values have been looked up.

    Raises
    ------
    ValueError
        Where a row is not valid or given twice, or a column has another length or is NaN somewhere.

    Examples
    --------
    >>> import numpy as np
    >>> from skpbnas import CellSpace
    >>> from skpbnas.datasets import TabularBenchmark
    >>> space = CellSpace(4, ["conv", "pool"])
    >>> X = space.enumerate()
    >>> table = TabularBenchmark(space, X, {"accuracy": np.linspace(0, 1, len(X))})
    >>> table.query(X[[0, -1]], "accuracy")
    array([0., 1.])
    """

    def __init__(
        self,
        space: SearchSpace,
        X: ArrayLike,
        columns: Mapping[str, ArrayLike],
        *,
        may_lack: Collection[str] = (),
    ) -> None:
        self.space = space
        self.X: Rows = np.asarray(X)
        self.columns: dict[str, NDArray] = {name: np.asarray(column) for name, column in columns.items()}
        self.n_queries = 0
        invalid = np.flatnonzero(~space.is_valid(self.X))
        if len(invalid):
            raise ValueError(f"row {invalid[0]} of X is not a valid architecture of {space!r}; leave it out")
        if not len(self.X):
            raise ValueError("X has no rows; a table needs at least one architecture")
        for name, column in self.columns.items():
            _check_column(name, column, len(self.X), may_lack=name in may_lack)
        keys = space.canonical_key(self.X)
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]
        same = np.flatnonzero(self._keys[1:] == self._keys[:-1])
        if len(same):
            first, second = np.sort(self._order[same[0] : same[0] + 2])
            raise ValueError(f"rows {first} and {second} of X are the same architecture; keep one of them")

    def __len__(self) -> int:
        return len(self.X)

    def __repr__(self) -> str:
        return f"TabularBenchmark({self.space!r}, {len(self)} architectures, columns={list(self.columns)})"

    @classmethod
    def from_npz(cls, path: str | os.PathLike[str], space: SearchSpace | None = None) -> TabularBenchmark:
        """Read a table from a NumPy archive: of NASBench-101 cells, or of a space of your own.

        Parameters
        ----------
        path : path
            With any number of columns (n,). For a space, the array ``rows`` (n, n_features), as
            ``numpy.savez("table.npz", rows=space.encode(architectures), accuracy=scores)`` writes it. For
            NASBench-101, the arrays ``adjacency`` (n, 7, 7), ``operations`` (n, 7) (0 conv3x3-bn-relu, 1
            conv1x1-bn-relu, 2 maxpool3x3, -1 input, output and unused) and ``num_vertices`` (n,). Arrays of
            more dimensions, such as hashes, are left out.
        space : SearchSpace, default=None
            None is :class:`~skpbnas.NASBench101Space`.

        Returns
        -------
        TabularBenchmark

        Raises
        ------
        OSError
            Where the file cannot be opened.
        DataFileError
            Where it is no such archive, is damaged, or its arrays contradict each other.
        """
        problem = "not a table of NASBench-101 cells"
        remedy = "it needs adjacency (n, 7, 7), operations (n, 7), num_vertices (n,) and columns (n,)"
        if space is not None:
            problem = "not a table of this space"
            remedy = f"it needs rows (n, {space.n_features}), as space.encode returns them, and columns (n,)"
        arrays = read_arrays(path, problem, remedy)
        with refusing_damage(path, problem, remedy):
            if space is None:
                cells = [arrays.pop(name) for name in ("adjacency", "operations", "num_vertices")]
                rows, space = _rows_of_cells(*cells), NASBench101Space()
            else:
                rows = arrays.pop("rows")
            columns = {name: array for name, array in arrays.items() if array.ndim == 1}
            return cls(space, rows, columns)

    def query(self, X: ArrayLike, column: str) -> NDArray:
        """Look values up, for rows in any isomorphic form; each counts as a query.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
        column : str

        Returns
        -------
        ndarray of shape (n,)

        Raises
        ------
        KeyError
            Where there is no such column, or a row is not in the table or was not measured.
        """
        values = self.columns[self._known(column)]
        places = self.locate(X)
        self.n_queries += len(places)
        found = values[places]
        if found.dtype.kind == "f" and np.isnan(found).any():
            row = np.isnan(found).argmax()
            raise KeyError(f"row {row} of X has no {column!r} in this table: it was not measured")
        return found

    def locate(self, X: ArrayLike) -> NDArray[np.intp]:
        """Return where in the table each row stands, in any isomorphic form.

        Parameters
        ----------
        X : array-like of shape (n, n_features)

        Returns
        -------
        ndarray of shape (n,)
            Indices of ``self.X``.

        Raises
        ------
        KeyError
            Where a row is not in the table.
        """
        keys = self.space.canonical_key(X)
        order = np.argsort(keys)  # neighbours are looked up together, which the cache rewards
        place = np.empty(len(keys), np.intp)
        place[order] = np.searchsorted(self._keys, keys[order])
        place = np.minimum(place, len(self._keys) - 1)
        absent = np.flatnonzero(self._keys[place] != keys)
        if len(absent):
            raise KeyError(
                f"row {absent[0]} of X is not among the {len(self)} architectures of this table; "
                f"sample from table.space or choose rows of table.X"
            )
        return self._order[place]

    def objective(self, column: str) -> TableObjective:
        """Return the objective that looks ``column`` up, for ``PredictorBasedSearch.run``."""
        return TableObjective(self, self._known(column))

    def with_noise(
        self,
        truth: str,
        trainings: Sequence[str],
        n_averaged: int,
        n_neighbours: int | None = None,
        random_state: int = 0,
    ) -> NoisyObjective:
        """Return an objective whose trainings differ as the table's do, with a judge of its own.

        Parameters
        ----------
        truth : str
            The column of the true scores, a mean of trainings.
        trainings : sequence of str
            Columns of single trainings that are among those.
        n_averaged : int
            How many trainings ``truth`` is the mean of.
        n_neighbours : int, default=None
            How many architectures of about the same score lend the differences of their trainings. None: a
            twentieth of the table, from 20 to 1,000.
        random_state : int, default=0
            The same number, architecture and seed give the same score.

        Returns
        -------
        NoisyObjective

        Examples
        --------
        >>> from skpbnas.datasets import load_digits_cells
        >>> table = load_digits_cells()
        >>> trainings = [f"validation_accuracy_{k}" for k in range(3)]
        >>> noisy = table.with_noise("validation_accuracy", trainings, n_averaged=3)
        >>> len(set(noisy(table.X[[100] * 20], seed=range(20)))) > 1
        True
        """
        from ._noisy import NoisyObjective

        return NoisyObjective(self, truth, trainings, n_averaged, n_neighbours, random_state)

    def oracle(self, column: str) -> tuple[Rows, float]:
        """Return the best row of the table and its value: what no search can beat."""
        values = self.columns[self._known(column)]
        best = int(np.nanargmax(values))
        return self.X[best], float(values[best])

    def _known(self, column: str) -> str:
        if column not in self.columns:
            near = get_close_matches(column, self.columns, n=3)
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise KeyError(f"no column {column!r}; {hint or f'this table has {list(self.columns)}'}")
        return column


class TableObjective:
    """A column of a table as an objective of rows."""

    vectorized = True

    def __init__(self, table: TabularBenchmark, column: str) -> None:
        self.table = table
        self.column = column

    def identity(self) -> dict[str, str]:
        """Return what tells this objective from others: the content of the table, and the column."""
        values = self.table.columns[self.column]
        digest = hashlib.sha256(self.table._keys.tobytes())
        digest.update(np.ascontiguousarray(values[self.table._order], np.float64).tobytes())
        return {"column": self.column, "digest": digest.hexdigest()}

    def __call__(self, X: ArrayLike) -> NDArray:
        """Return the values of rows ``(n, n_features)``."""
        return self.table.query(X, self.column)


def _check_column(name: str, column: NDArray, n: int, may_lack: bool) -> None:
    if column.shape != (n,):
        raise ValueError(
            f"column {name!r} has shape {column.shape}; X has {n} rows, which need one value each"
        )
    if column.dtype.kind == "f" and np.isnan(column).any() and not may_lack:
        row = np.isnan(column).argmax()
        raise ValueError(f"column {name!r} is NaN at row {row}; leave out the rows without a value")


def _rows_of_cells(adjacency: NDArray, operations: NDArray, n_vertices: NDArray) -> NDArray[np.uint8]:
    """Return the rows of NASBench-101 cells given as arrays."""
    n, n_nodes = len(n_vertices), NASBench101Space().n_nodes
    expected = {
        "adjacency": (adjacency, (n, n_nodes, n_nodes)),
        "operations": (operations, (n, n_nodes)),
        "num_vertices": (n_vertices, (n,)),
    }
    for name, (array, shape) in expected.items():
        if array.shape != shape or array.dtype.kind not in "biuf":
            raise ValueError(f"{name} has shape {array.shape} and type {array.dtype}; it must be {shape}")
    if not ((adjacency == 0) | (adjacency == 1)).all():
        raise ValueError("adjacency is not binary")
    if not np.isin(n_vertices, np.arange(2, n_nodes + 1)).all():
        raise ValueError(f"num_vertices is not from 2 to {n_nodes} everywhere")
    features = np.zeros((n, n_nodes, 5), np.uint8)
    for k in range(3):
        features[:, :, k + 1] = operations == k
    features[:, 0, 0] = 1
    features[np.arange(n), n_vertices.astype(int) - 1, 4] = 1
    rows = [adjacency.astype(np.uint8).reshape(n, -1), features.reshape(n, -1)]
    return np.concatenate(rows, axis=1)
