"""Which operations, edges and layers matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..spaces import Cell, SearchSpace
from ._axes import COLOURS, Display, axes_or_new
from ._searches import evaluated

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..search import PredictorBasedSearch

_REPEATS = 10


class ImportanceDisplay(Display):
    """How much worse a forest predicts the scores when one property of the architectures is shuffled.

    Of cells, the properties are the number of each operation, of vertices and of edges, the longest path, and
    whether the input feeds the output; of all other spaces, the parameters: the layers of a chain, the
    operations on the edges of a NAS-Bench-201 cell.

    Parameters
    ----------
    importances : DataFrame
        A column for each property, a line for each repetition: by how much R squared falls on evaluations
        that the forest was not fitted to.
    r2 : float
        R squared there. Where it is near zero, the importances say nothing.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Notes
    -----
    What a search has evaluated is no random sample: properties that it fixed early look unimportant. Of two
    properties that go together, either may get the importance of both.
    """

    def __init__(self, importances: pd.DataFrame, r2: float) -> None:
        self.importances = importances
        self.r2 = r2

    @classmethod
    def from_search(
        cls, search: PredictorBasedSearch, *, random_state: int = 0, ax: Axes | None = None
    ) -> ImportanceDisplay:
        """Draw the importances among the evaluations of a search.

        Parameters
        ----------
        search : PredictorBasedSearch
        random_state : int, default=0
        ax : matplotlib Axes, default=None

        Returns
        -------
        ImportanceDisplay
        """
        return cls.from_scores(search.space, *evaluated(search), random_state=random_state, ax=ax)

    @classmethod
    def from_scores(
        cls, space: SearchSpace, X: ArrayLike, y: ArrayLike, *, random_state: int = 0, ax: Axes | None = None
    ) -> ImportanceDisplay:
        """Draw the importances among rows of a space.

        Parameters
        ----------
        space : SearchSpace
        X : array-like of shape (n, n_features)
        y : array-like of shape (n,)
        random_state : int, default=0
        ax : matplotlib Axes, default=None

        Returns
        -------
        ImportanceDisplay
        """
        importances, r2 = _importances(properties(space, np.asarray(X)), np.asarray(y), random_state)
        return cls(importances, r2).plot(ax)

    def plot(self, ax: Axes | None = None, *, n_properties: int = 15) -> ImportanceDisplay:
        """Draw the most important properties as bars, with the standard deviation over the repetitions.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        n_properties : int, default=15

        Returns
        -------
        self : ImportanceDisplay
        """
        ax = axes_or_new(ax)
        mean = self.importances.mean().sort_values().iloc[-n_properties:]
        spread = self.importances.std()[mean.index]
        ax.barh(mean.index, mean, xerr=spread, color=COLOURS[5], error_kw={"ecolor": "0.3", "linewidth": 1})
        ax.axvline(0, color="0.4", linewidth=0.8)
        ax.set_xlabel(r"importance: fall of $R^2$ when shuffled")
        ax.set_title(rf"held-out $R^2$ = {self.r2:.2f}", fontsize="medium")
        return self._drawn(ax)


def properties(space: SearchSpace, X: NDArray) -> pd.DataFrame:
    """Return a table of what each row of a space is: numbers, or categories."""
    architectures = space.decode(X)
    if all(isinstance(architecture, Cell) for architecture in architectures):
        return pd.DataFrame([_of_cell(cell) for cell in architectures]).fillna(0)
    return pd.DataFrame([space.row_to_params(row) for row in X])


def _of_cell(cell: Cell) -> dict[str, float]:
    inside = cell.operations[1:-1]
    counts: dict[str, float] = {f"number of {name}": inside.count(name) for name in sorted(set(inside))}
    return counts | {
        "vertices": len(cell.operations),
        "edges": int(cell.adjacency.sum()),
        "longest path": _longest_path(cell.adjacency),
        "input feeds output": int(cell.adjacency[0, -1]),
    }


def _longest_path(adjacency: NDArray) -> int:
    """Return the edges of the longest path: the last power of the matrix that is not zero."""
    length, power = 0, adjacency.astype(np.int64)
    while power.any():
        length, power = length + 1, (power @ adjacency > 0).astype(np.int64)
    return length


def _importances(table: pd.DataFrame, y: NDArray, random_state: int) -> tuple[pd.DataFrame, float]:
    """Return the fall of the out-of-fold R squared of a forest for each property, shuffled several times."""
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.metrics import r2_score
    from sklearn.model_selection import KFold

    X = table.apply(_as_numbers).fillna(-1).to_numpy(np.float64)
    if len(X) < 20:
        raise ValueError(f"{len(X)} evaluations are too few to tell what matters; evaluate at least 20")
    rng = np.random.default_rng(random_state)
    n = X.shape[1]
    predicted, shuffled = np.empty(len(X)), np.empty((_REPEATS, n, len(X)))
    for train, test in KFold(5, shuffle=True, random_state=random_state).split(X):
        forest = RandomForestRegressor(100, min_samples_leaf=2, random_state=random_state).fit(
            X[train], y[train]
        )
        predicted[test] = forest.predict(X[test])
        others = np.tile(X[test], (_REPEATS, n, 1, 1))  # (repeats, n_properties, n_test, n_properties)
        for column in range(n):
            others[:, column, :, column] = rng.permuted(others[:, column, :, column], axis=1)
        shuffled[:, :, test] = forest.predict(others.reshape(-1, n)).reshape(_REPEATS, n, len(test))
    r2 = r2_score(y, predicted)
    falls = [[r2 - r2_score(y, shuffled[k, column]) for column in range(n)] for k in range(_REPEATS)]
    return pd.DataFrame(falls, columns=table.columns), float(r2)


def _as_numbers(column: pd.Series) -> pd.Series:
    """Return a column of numbers as it is, and categories as their numbers."""
    if column.dtype.kind in "iufb":
        return column
    return pd.Series(column.astype(str).factorize(sort=True)[0], column.index)
