"""NASBench-101 as a table to search on, and with the interface of the official ``nasbench.api.NASBench``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...spaces import NASBENCH101_OPERATIONS, Cell, NASBench101Space, Rows
from .._tabular import TableObjective, TabularBenchmark
from ._columns import ColumnName, NASBench101Columns
from ._convert import has_official_cells
from ._model_metrics import METRICS
from ._store import NASBench101Table

_N_SPOT_CHECKS = 64
_FEATURES = ("input", *NASBENCH101_OPERATIONS, "output")


class OutOfDomainError(ValueError):
    """A cell, or a number of epochs, that the table does not cover."""


class ModelSpec(Protocol):
    """A cell as ``nasbench.api.ModelSpec`` has it; any object with these two attributes will do."""

    matrix: Any
    ops: Any


class NASBench101Benchmark(TabularBenchmark):
    """Every cell of NASBench-101 with all its training runs; made by :func:`load_nasbench101`.

    It is used in two ways. As a :class:`TabularBenchmark`, :meth:`query` takes rows and the name of a
    column. As the official ``nasbench.api.NASBench``, :meth:`query` takes a ``ModelSpec`` (or a
    :class:`~skpbnas.Cell`) and epochs, and returns a dictionary; the other methods of the official class
    are here too, so that code written for it runs on this.

    Parameters
    ----------
    table : NASBench101Table
    random_state : int, Generator or None, default=None
        Chooses the repeat that a query of one training run returns.

    Attributes
    ----------
    columns : mapping of str to ndarray of shape (n,)
        ``trainable_parameters`` and ``{mean|run0|run1|run2}_{halfway_}{metric}_at_{epochs}``; the metric is
        ``training_time``, ``train_accuracy``, ``validation_accuracy`` or ``test_accuracy``. Without
        ``_at_{epochs}``: the largest budget, so that ``mean_test_accuracy`` is there in any file.
    valid_epochs : set of int
        The budgets.
    training_time_spent : float
        Simulated seconds of training of the runs that were queried.
    total_epochs_spent : int
        Their epochs.
    n_repeats : ndarray of shape (n, n_budgets)
        Number of training runs of each cell at each budget.
    is_official : bool
        Whether it holds exactly the official cells, with three repeats at each budget.
    source : dict
        Name, size and SHA-256 of the file that it was read from.

    References
    ----------
    Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019.
    """

    columns: NASBench101Columns  # type: ignore[assignment]

    def __init__(
        self, table: NASBench101Table, random_state: int | np.random.Generator | None = None
    ) -> None:
        # Not the parent's: the cells were checked when the table was made, and their keys are in it.
        self.space = NASBench101Space()
        self.columns = NASBench101Columns(table)
        self.n_queries = 0
        self.source = table.source
        self.valid_epochs = set(table.epochs.tolist())
        self.reset_budget_counters()
        self._table = table
        self._rng = np.random.default_rng(random_state)
        key, self._order = table.key, table.order.astype(np.intp)
        spots = slice(None, None, max(1, len(table) // _N_SPOT_CHECKS))
        if not np.array_equal(self.space.canonical_key(table.peek(spots)), key[spots]):
            key = self.space.canonical_key(table.X)  # the table was made with another definition of the keys
            self._order = np.argsort(key)
        self._keys = key[self._order]

    def __repr__(self) -> str:
        epochs = sorted(self.valid_epochs)
        return f"NASBench101Benchmark({len(self)} cells, epochs={epochs}, source={self.source.get('name')!r})"

    def __len__(self) -> int:
        return len(self._table)

    @property
    def X(self) -> Rows:  # type: ignore[override]  # read from the file when it is needed, and verified
        """Rows (n, n_features) of all cells, in the order of the file."""
        return self._table.X

    @property
    def n_repeats(self) -> NDArray[np.intp]:
        """Number of training runs of each cell at each budget, shape (n, n_budgets)."""
        return self._table.n_repeats

    @cached_property
    def is_official(self) -> bool:
        """Whether it holds exactly the official cells, with three repeats at each budget."""
        complete = bool((self.n_repeats == 3).all())
        return complete and has_official_cells(self._table.module_hash, self._table.key)

    # --------------------------------------------------------------------------------------- queries

    @overload
    def query(self, X: ArrayLike, column: str) -> NDArray: ...

    @overload
    def query(self, X: ModelSpec | Cell, epochs: int = 108, stop_halfway: bool = False) -> dict[str, Any]: ...

    def query(self, X: Any, *args: Any, **kwargs: Any) -> Any:
        """Look up a column for rows, or one training run of one cell as the official API does.

        ``query(X, column)`` returns the values of a column, shape (n,), for rows (n, n_features) in any
        isomorphic form.

        ``query(model_spec, epochs=108, stop_halfway=False)`` takes a ``ModelSpec`` or a ``Cell``, draws one
        of the repeats, adds it to the budget counters, and returns a dictionary with ``module_adjacency``,
        ``module_operations``, ``trainable_parameters``, ``training_time``, ``train_accuracy``,
        ``validation_accuracy`` and ``test_accuracy``.

        Raises
        ------
        KeyError
            Where there is no such column, a row is not in the table, or it was not measured.
        OutOfDomainError
            Where a cell is outside the search space, or there are no such epochs.
        """
        if isinstance(X, Cell) or (hasattr(X, "matrix") and hasattr(X, "ops")):
            return self._query_run(X, *args, **kwargs)
        return super().query(X, *args, **kwargs)

    def objective(self, column: str = "mean_validation_accuracy", *, noisy: bool = False) -> TableObjective:
        """Return the objective of a search, which also counts what the training would have cost.

        Parameters
        ----------
        column : str, default="mean_validation_accuracy"
        noisy : bool, default=False
            Return one of the repeats, drawn anew at each query, in place of their mean; this is what a
            user who trains each cell once would see.

        Returns
        -------
        callable
            From rows (n, n_features) to values (n,), for ``PredictorBasedSearch.run(..)``. Each row counts
            as one training in ``training_time_spent`` and ``total_epochs_spent``.
        """
        name = self.columns.parse(self._known(column))
        if name is None or (noisy and name.repeat is not None):
            raise ValueError(
                f"column={column!r} with noisy={noisy} is not allowed; choose a metric such as "
                f"'mean_validation_accuracy' (with noisy=True, a mean, of which one repeat is drawn)"
            )
        return NASBench101Objective(self, column, noisy)

    def _train(self, X: ArrayLike, column: str, noisy: bool) -> NDArray[np.float64]:
        """Return a column for rows and count the training, with one drawn repeat where noisy."""
        name = self.columns.parse(column)
        assert name is not None  # objective() has parsed it
        places = self.locate(X)
        if noisy:
            values, seconds = self._draw(places, name)
        else:
            values = self.columns.get_column(name)[places]
            seconds = self.columns.get_column(name.of("training_time"))[places]
        absent = np.flatnonzero(np.isnan(values))
        if len(absent):
            raise KeyError(f"row {absent[0]} of X has no {column!r} in this table")
        self.n_queries += len(places)
        self._spend(float(seconds.sum()), len(places) * self._epochs_of(name))
        return values

    def _draw(
        self, places: NDArray[np.intp], name: ColumnName
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the values and seconds of one repeat of each cell."""
        time, values = (
            getattr(self._table, metric)[name.budget] for metric in ("training_time", name.metric)
        )
        n_repeats = (~np.isnan(time[1][:, places])).sum(axis=0)
        repeat = self._rng.integers(np.maximum(n_repeats, 1))
        point = 0 if name.halfway else 1
        return values[point, repeat, places].astype(float), time[point, repeat, places].astype(float)

    def _epochs_of(self, name: ColumnName) -> int:
        epochs = int(self._table.epochs[name.budget])
        return epochs // 2 if name.halfway else epochs

    def _spend(self, seconds: float, epochs: int) -> None:
        self.training_time_spent += seconds
        self.total_epochs_spent += epochs

    # --------------------------------------------------------------------------- the official interface

    def _query_run(
        self, model_spec: ModelSpec | Cell, epochs: int = 108, stop_halfway: bool = False
    ) -> dict[str, Any]:
        if epochs not in self.valid_epochs:
            raise OutOfDomainError(f"epochs={epochs!r} is not in this table; choose from {self.valid_epochs}")
        fixed, computed = self._metrics_at(self._place_of(model_spec))
        runs = computed.get(epochs, [])
        if not runs:
            raise KeyError(f"this cell was not trained for {epochs} epochs in this table")
        run = runs[self._rng.integers(len(runs))]
        self.n_queries += 1
        point = "halfway" if stop_halfway else "final"
        data = fixed | {metric: run[f"{point}_{metric}"] for metric in METRICS}
        self._spend(data["training_time"], epochs // 2 if stop_halfway else epochs)
        return data

    def is_valid(self, model_spec: ModelSpec | Cell) -> bool:
        """Tell whether a cell is within the search space; costs no budget."""
        try:
            self._encode(model_spec)
        except OutOfDomainError:
            return False
        return True

    def get_budget_counters(self) -> tuple[float, int]:
        """Return the simulated seconds of training and the epochs spent."""
        return self.training_time_spent, self.total_epochs_spent

    def reset_budget_counters(self) -> None:
        """Set both counters to zero."""
        self.training_time_spent = 0.0
        self.total_epochs_spent = 0

    def hash_iterator(self) -> Iterator[str]:
        """Iterate over the hashes of all cells, in the order of the file."""
        digits = self._table.module_hash.tobytes().hex()
        return (digits[k : k + 32] for k in range(0, len(digits), 32))

    def get_metrics_from_hash(self, module_hash: str) -> tuple[dict[str, Any], dict[int, list[dict]]]:
        """Return the fixed statistics of a cell, and those of its runs by epochs; costs no budget.

        Raises
        ------
        KeyError
            Where there is no such hash.
        """
        return self._metrics_at(self._place_of_hash[module_hash])

    def get_metrics_from_spec(
        self, model_spec: ModelSpec | Cell
    ) -> tuple[dict[str, Any], dict[int, list[dict]]]:
        """Return the same as :meth:`get_metrics_from_hash`, for a cell."""
        return self._metrics_at(self._place_of(model_spec))

    @cached_property
    def _place_of_hash(self) -> dict[str, int]:
        return {module_hash: k for k, module_hash in enumerate(self.hash_iterator())}

    def _place_of(self, model_spec: ModelSpec | Cell) -> int:
        return int(self.locate(self._encode(model_spec))[0])

    def _encode(self, model_spec: ModelSpec | Cell) -> Rows:
        if isinstance(model_spec, Cell):
            cell: Any = model_spec
        elif model_spec.matrix is None:  # what the official ModelSpec does with a disconnected graph
            raise OutOfDomainError("invalid spec, provided graph is disconnected")
        else:
            cell = (model_spec.matrix, model_spec.ops)
        try:
            return self.space.encode([cell])
        except ValueError as error:
            raise OutOfDomainError(str(error)) from None

    def _metrics_at(self, place: int) -> tuple[dict[str, Any], dict[int, list[dict]]]:
        L = self.space.n_nodes
        adjacency, nodes = self.X[place, : L * L].reshape(L, L), self.X[place, L * L :].reshape(L, -1)
        n_vertices = np.count_nonzero(nodes)
        fixed = {
            "module_adjacency": adjacency[:n_vertices, :n_vertices].astype(np.int8),
            "module_operations": [_FEATURES[k] for k in nodes[:n_vertices].argmax(axis=1)],
            "trainable_parameters": int(self._table.trainable_parameters[place]),
        }
        values = {
            f"{point}_{metric}": getattr(self._table, metric)[:, k, :, place].tolist()
            for k, point in enumerate(("halfway", "final"))
            for metric in METRICS
        }
        n_runs = np.count_nonzero(~np.isnan(self._table.training_time[:, 1, :, place]), axis=1)
        computed = {
            epochs: [
                {name: value[budget][run] for name, value in values.items()} for run in range(n_runs[budget])
            ]
            for budget, epochs in enumerate(self._table.epochs.tolist())
            if n_runs[budget]
        }
        return fixed, computed


class NASBench101Objective(TableObjective):
    """A metric as an objective of rows; counts the training it stands for."""

    def __init__(self, table: NASBench101Benchmark, column: str, noisy: bool) -> None:
        super().__init__(table, column)
        self.noisy = noisy

    def __call__(self, X: ArrayLike) -> NDArray:
        """Return the values of rows ``(n, n_features)``."""
        table: Any = self.table
        return table._train(X, self.column, self.noisy)
