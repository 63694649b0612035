"""The latency on a new device, from few measurements and the tables of other devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_array

from .._reading import check_size, read_nodes
from ..preprocessing import GraphDescriptors
from ._base import GraphRankPredictor
from ._linear_models import LinearModels, Matrix, most_informative
from ._sources import SourceTable

if TYPE_CHECKING:
    from ..spaces import SearchSpace

# Standard deviations of what latencies of other devices, sums over layers, and all other descriptors may
# explain, in those of the latency; the middle ones are what references are chosen by.
_MAY_EXPLAIN = {
    "sources": (0.25, 0.5, 1.0, 2.0),
    "sums": (0.25, 0.5, 1.0, 2.0),
    "others": (0.01, 0.1, 0.3, 1.0),
}
_USUAL = {"sources": 1.0, "sums": 1.0, "others": 0.3}
_SUMS = ("graph total", "column", "parameter", "extra")  # roles of descriptors, by how they begin
_MAX_POOL = 2000  # rows to choose references from, or to standardise by


class LatencyPredictor(GraphRankPredictor):
    """Latency of architectures on a device of which few were measured, from tables of other devices.

    The latency is a sum of columns, each with a coefficient: the latencies on other devices, how often each
    operation (or how much of each feature of a layer) occurs, and all other descriptors of
    :class:`~skpbnas.preprocessing.GraphDescriptors`. How large the coefficients of these three groups may be
    is unknown; many choices are averaged, by how probable they make the measurements. Nothing is random.

    Ten measurements are enough for a useful ranking, best those that :meth:`choose_references` names. Where
    hundreds can be had, a :class:`~skpbnas.GPRankPredictor` of them alone may be better.

    Parameters
    ----------
    sources : mapping of str to (rows, latencies), default=None
        By the name of a device, what was measured there, ``(n, n_features)`` and ``(n,)``, in any unit. Rows
        in canonical form are looked up; what was not measured is predicted by a process that learns from up
        to 1,000 of the measured ones.
    n_nodes : int, default=None
        L, as for :class:`~skpbnas.GPRankPredictor`.
    roles : sequence of str, default=None
        What each column of a row is, from ``space.get_roles_out()``.

    Attributes
    ----------
    n_nodes_ : int
        L.
    source_coefs_ : dict of str to float
        By how many of its standard deviations the latency rises with one of that on each other device, all
        else being equal. Devices that are alike share it.
    n_features_in_ : int
        Number of columns.

    See Also
    --------
    skpbnas.nn.measure_latency : Measures a module.

    Notes
    -----
    A fitted predictor is a function of rows: give it to a search as ``costs={"latency": predictor}``. A
    latency is never below 0: predictions that would be below half of the smallest measurement approach 0
    and keep their order.

    HELP (Lee et al. 2021, "Hardware-adaptive Efficient Latency Prediction for NAS via Meta-Learning") set the
    task: ten measurements of a device that no predictor was trained on.

    Examples
    --------
    >>> import numpy as np
    >>> from skpbnas import CellSpace
    >>> from skpbnas.predictors import LatencyPredictor
    >>> space = CellSpace(5, ["conv", "pool"])
    >>> rows = space.sample(300, np.random.default_rng(0))
    >>> n_conv, n_pool = (rows[:, 25 + k :: 4].sum(axis=1, dtype=float) for k in (1, 2))
    >>> sources = {"phone": (rows, 1 + 5 * n_conv + n_pool), "board": (rows, 2 + 3 * n_conv + 2 * n_pool)}
    >>> predictor = LatencyPredictor(sources).for_space(space)
    >>> places = predictor.choose_references(rows, 10)
    >>> latency = 1 + 4 * n_conv + 3 * n_pool
    >>> fitted = predictor.fit(rows[places], latency[places])
    >>> bool(np.abs(fitted.predict(rows) - latency).max() < 0.1)
    True
    """

    _parameter_constraints: dict = {
        "sources": [dict, Mapping, None],
        "n_nodes": [Interval(Integral, 1, None, closed="left"), None],
        "roles": ["array-like", None],
    }

    def __init__(
        self,
        sources: Mapping[str, tuple[ArrayLike, ArrayLike]] | None = None,
        n_nodes: int | None = None,
        roles: Sequence[str] | None = None,
    ) -> None:
        self.sources = sources
        self.n_nodes = n_nodes
        self.roles = roles

    def choose_references(self, X: ArrayLike, n: int = 10) -> NDArray[np.intp]:
        """Return which architectures to measure on the new device.

        They are those whose latencies would tell most about those of all others, before any is measured.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            What can be measured, such as 1,000 random rows of the space. Of more than 2,000, 2,000 that are
            evenly spaced are looked at.
        n : int, default=10

        Returns
        -------
        ndarray of shape (n,)
            Places in X, the most telling first.

        Raises
        ------
        ValueError
            Where n is not from 1 to the number of rows, or a source does not fit the rows.
        """
        rows: NDArray = check_array(X, dtype="numeric")
        looked_at = evenly_spaced(len(rows))
        if not 1 <= n <= len(looked_at):
            raise ValueError(f"n={n!r} is not allowed; give 1 to {len(looked_at)}, the rows to choose from")
        groups = _Groups(self, rows, read_nodes(X, rows, self.n_nodes))
        usual = [_USUAL[name] for name in groups.names]
        return looked_at[most_informative(groups.of(rows[looked_at]), n, usual)]

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from the measured architectures of the new device.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Rows.
        y : array-like of shape (n,)
            Their latencies, in the unit that predictions shall have.

        Returns
        -------
        self : LatencyPredictor

        Raises
        ------
        ValueError
            Where a latency is not above 0, or a source does not fit the rows.
        """
        return super().fit(X, y)

    def predict(self, X: ArrayLike, return_std: bool = False) -> Any:
        """Return the latencies of architectures on the new device.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Rows.
        return_std : bool, default=False
            Whether to return how uncertain they are, too.

        Returns
        -------
        latencies : ndarray of shape (n,)
        std : ndarray of shape (n,)
            Standard deviations, without the noise of a measurement; only with ``return_std``.
        """
        return super().predict(X, return_std)

    def __call__(self, X: ArrayLike) -> Matrix:
        """Return the latencies of rows, as a cost of a search does."""
        return self.predict(X)

    def for_space(self, space: SearchSpace, seed: int = 0) -> Self:
        """Return an unfitted copy that is ready for the rows of a space.

        Parameters
        ----------
        space : SearchSpace
        seed : int, default=0
            Is not used: nothing is random.

        Returns
        -------
        LatencyPredictor
        """
        return super().for_space(space, seed)

    def identity(self) -> dict[str, Any]:
        """Return what tells this predictor from others, as a cost of a search: also what it has measured."""
        return {**self.get_params(deep=False), "measured": getattr(self, "_measured", None)}

    def _learn(self, X: NDArray, y: Matrix) -> None:
        if not (y > 0).all():
            raise ValueError(
                f"y has the latency {y.min()}; a latency is above 0. Leave out what was not measured, which "
                f"some tables write as -1"
            )
        self._measured = [X, y]
        self._groups = _Groups(self, X, self.n_nodes_)
        self._mean, self._spread = float(y.mean()), float(y.std()) or 1.0
        self._floor = float(y.min()) / 2
        choices = [_MAY_EXPLAIN[name] for name in self._groups.names]
        self._models = LinearModels(self._groups.of(X), (y - self._mean) / self._spread, choices)
        names = list(self.sources or ())
        by_source = self._models.coefs[0] / np.sqrt(len(names)) if names else []
        self.source_coefs_ = {name: float(c) for name, c in zip(names, by_source, strict=True)}

    def _predict(self, X: NDArray, uncertain: bool) -> tuple[Matrix, Matrix]:
        mean, std = self._models.posterior(self._groups.of(X), uncertain)
        latency, floor = self._mean + self._spread * mean, self._floor
        low = latency < floor
        latency[low] = floor * np.exp(latency[low] / floor - 1)  # meets the line at the floor, slope and all
        return latency, self._spread * std

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        return tags


class _Groups:
    """The columns that a latency is a sum of: sources, sums over the layers, other descriptors.

    Parameters
    ----------
    predictor : LatencyPredictor
    X : ndarray of shape (n, n_features)
        Rows to standardise by where there are no sources.
    n_nodes : int

    Attributes
    ----------
    names : list of str
        Of the groups that have columns.
    """

    def __init__(self, predictor: LatencyPredictor, X: NDArray, n_nodes: int) -> None:
        # A latency adds up along the graph, also along the path of a product of layers and parameters.
        given = predictor.roles
        roles = None if given is None else ["node" if role == "part" else role for role in given]
        tables = [
            (name, *_checked(name, source, X.shape[1])) for name, source in (predictor.sources or {}).items()
        ]
        self._tables = [SourceTable(rows, y, n_nodes, roles) for _, rows, y in tables]
        self._describe = GraphDescriptors(n_nodes, roles).fit(X)
        sums = np.array([role.startswith(_SUMS) and "_edges" not in role for role in self._describe.roles_])
        usual = tables[0][1] if tables else X
        raw = self._raw(usual[evenly_spaced(len(usual))])
        mean, spread = raw.mean(axis=0), raw.std(axis=0)
        varies = spread > 1e-9 * np.abs(mean) + 1e-12
        varies[: len(tables)] = True
        group = np.concatenate([np.zeros(len(tables), np.intp), np.where(sums, 1, 2)])
        columns = {name: np.flatnonzero(varies & (group == k)) for k, name in enumerate(_MAY_EXPLAIN)}
        self._columns = {name: places for name, places in columns.items() if len(places)}
        self._columns = self._columns or {"others": np.arange(1)}  # where all rows are the same
        self.names = list(self._columns)
        self._mean, self._spread = mean, np.where(varies & (spread > 0), spread, 1.0)

    def of(self, X: NDArray) -> list[Matrix]:
        """Return the columns of each group, standardised, of squared length 1 in the mean."""
        standard = (self._raw(X) - self._mean) / self._spread
        return [standard[:, places] / np.sqrt(len(places)) for places in self._columns.values()]

    def _raw(self, X: NDArray) -> Matrix:
        latencies = [table.latency(X)[:, None] for table in self._tables]
        return np.concatenate([*latencies, self._describe.transform(X).astype(np.float64)], axis=1)


def evenly_spaced(n: int) -> NDArray[np.intp]:
    """Return the places of up to 2,000 of n rows."""
    return np.linspace(0, n - 1, min(n, _MAX_POOL)).round().astype(np.intp)


def _checked(name: Any, source: Any, n_features: int) -> tuple[NDArray, Matrix]:
    """Return the rows and the latencies of a source that fits."""
    if not isinstance(name, str):
        raise ValueError(f"sources has the name {name!r}; give text, the name of a device")
    try:
        rows, y = source
    except (TypeError, ValueError):
        raise ValueError(f"sources[{name!r}] is not (rows, latencies); give two arrays") from None
    rows, y = np.asarray(rows), np.asarray(y, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != n_features:
        raise ValueError(
            f"sources[{name!r}] has rows of shape {rows.shape}, but those of X have {n_features} columns; "
            f"give rows of the same space"
        )
    if y.shape != (len(rows),) or len(rows) == 0:
        raise ValueError(
            f"sources[{name!r}] has latencies of shape {y.shape} for {len(rows)} rows; give one for each"
        )
    check_size(f"sources[{name!r}]", rows)
    check_size(f"sources[{name!r}]", y)
    if not (np.isfinite(rows).all() and (np.isfinite(y) & (y > 0)).all()):
        raise ValueError(
            f"sources[{name!r}] has latencies that are not above 0, or no numbers; leave out what was not "
            f"measured, which some tables write as -1 or NaN"
        )
    return rows, y
