"""The contract of a search space: what an architecture is, and how it is encoded as a row of numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._rows import column_roles, n_columns
from ..drawing import Diagram

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import BaseTrial

Rows = NDArray[np.generic]  # (n, n_features)
Seed = np.random.Generator | int | None  # of what is drawn: a generator, or what ``default_rng`` takes


class SearchSpace(ABC):
    """A set of architectures, each encoded as one row of a numeric array.

    A row holds the ``n_nodes x n_nodes`` adjacency matrix A, row by row (``A[i, j] = 1``: node i feeds node
    j), followed by the ``n_nodes x n_node_features`` node features X, row by row. A graph with fewer nodes
    is padded by all-zero rows and columns. Every method works on a batch of rows.

    Attributes
    ----------
    n_nodes : int
        L, the number of nodes of the largest architecture.
    n_node_features : int
        d, the number of features of a node.
    """

    n_nodes: int
    n_node_features: int

    @property
    def n_features(self) -> int:
        """Number of columns of a row, ``n_nodes**2 + n_nodes * n_node_features``.

        A single node has no adjacency matrix: ``n_node_features`` where ``n_nodes`` is 1.
        """
        return n_columns(self.n_nodes, self.n_node_features)

    @abstractmethod
    def get_feature_names_out(self) -> NDArray[np.object_]:
        """Return the column names, ``adjacency_{i}_{j}`` and then ``node_{i}_{feature}``."""

    def get_roles_out(self) -> list[str]:
        """Return what each column is to a predictor.

        ``"edge"`` and ``"node"`` are parts of the graph, whose nodes have no order. Others mean something in
        their place, too, and those that share a role mean the same in different places: ``"layer {feature}"``
        of consecutive layers, ``"place {feature}"`` of nodes that cannot change places, and ``"parameter
        {name}"`` of a number or a category beside the graph. ``"part"`` are columns of a space whose graph
        tells nothing that the others do not.

        Returns
        -------
        list of str
            One for each of the ``n_features`` columns. Where a space does not say more, nodes have no
            order, and the columns of a single node are parameters.
        """
        if self.n_nodes == 1:
            return [f"parameter {str(name).removeprefix('node_0_')}" for name in self.get_feature_names_out()]
        return column_roles(self.n_nodes, ["node"] * self.n_node_features)

    @abstractmethod
    def sample(self, n: int, rng: Seed = None) -> Rows:
        """Draw ``n`` valid rows, with replacement; uniform over architectures where they can be listed.

        Parameters
        ----------
        n : int
        rng : numpy.random.Generator, int or None, default=None
            A generator, or the seed of one; None draws anew every time.

        Returns
        -------
        ndarray of shape (n, n_features)
        """

    @abstractmethod
    def mutate(self, X: Rows, probability: float, rng: np.random.Generator) -> Rows:
        """Change every element of each row with the given probability; a child may be invalid."""

    @abstractmethod
    def crossover(self, X1: Rows, X2: Rows, rng: np.random.Generator) -> Rows:
        """Combine parents row by row, each element from either with probability 0.5; may be invalid."""

    @abstractmethod
    def is_valid(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Tell for each row whether it encodes an architecture of this space."""

    @abstractmethod
    def canonical_key(self, X: ArrayLike) -> NDArray[np.uint64]:
        """Return one number per valid row, equal for isomorphic rows and distinct otherwise."""

    def valid_keys(self, X: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
        """Return which rows are valid, and the canonical keys of those that are.

        What :meth:`is_valid` and :meth:`canonical_key` return, for spaces that can find both at once.
        """
        rows = np.asarray(X)
        valid = np.asarray(self.is_valid(rows))
        if valid.shape != (len(rows),) or valid.dtype != bool:
            raise ValueError(
                f"{type(self).__name__}.is_valid returned an array of {valid.dtype} of shape {valid.shape} "
                f"for {len(rows)} rows; it must return one boolean for each row, shape ({len(rows)},)"
            )
        return valid, self.canonical_key(rows[valid])

    @abstractmethod
    def canonicalize(self, X: ArrayLike) -> Rows:
        """Return each row in canonical form; isomorphic rows become the same row."""

    @abstractmethod
    def discretize(self, Z: NDArray[np.floating]) -> Rows:
        """Map real-valued rows (shadow matrices, section 3.2) to discrete rows, node by node.

        Thresholds edges at 0.5 and takes the arg-max of categorical features. Nodes keep their place, so
        that gradients with respect to the result can be passed straight through to ``Z``. A result may be
        invalid.
        """

    def relax(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return shadow matrices of valid rows: ``discretize(relax(X))`` is isomorphic to X."""
        return np.asarray(X, dtype=np.float64)

    @abstractmethod
    def encode(self, architectures: Iterable[Any]) -> Rows:
        """Return the rows, shape ``(n, n_features)``, of readable architectures."""

    @abstractmethod
    def decode(self, X: ArrayLike) -> list[Any]:
        """Return the readable architectures of valid rows."""

    def draw(self, architecture: Any, title: str = "") -> Diagram:
        """Return a drawing of an architecture, which notebooks show and ``print`` writes as text.

        Parameters
        ----------
        architecture : object
            As :meth:`decode` returns it.
        title : str, default=""
            Such as the score.

        Returns
        -------
        Diagram
            Here, its lines of text; spaces of graphs draw the graph.
        """
        return Diagram.of_lines(_lines(architecture), title)

    def describe(self, architecture: Any) -> str:
        """Return an architecture, as :meth:`decode` returns it, in one line of text."""
        return one_line(architecture)

    def __bool__(self) -> bool:
        return True  # without counting

    def __len__(self) -> int:
        raise TypeError(f"{self!r} cannot be counted; use sample(n, rng) to draw from it")

    def enumerate(self) -> Rows:
        """Return every architecture of the space once, in canonical form, in a fixed order."""
        raise TypeError(f"{self!r} cannot be listed; use sample(n, rng) to draw from it")

    @property
    def is_enumerable(self) -> bool:
        """Whether ``len(space)`` and ``space.enumerate()`` are available."""
        return False

    def distributions(self) -> dict[str, BaseDistribution]:
        """Return the Optuna distributions of the parameters that describe an architecture."""
        raise TypeError(f"{type(self).__name__} has no Optuna parameters")

    def suggest(self, trial: BaseTrial) -> Any:
        """Suggest all parameters of an architecture in an Optuna objective, and return the architecture.

        Parameters
        ----------
        trial : optuna.trial.BaseTrial

        Returns
        -------
        object
            The decoded architecture.

        Raises
        ------
        optuna.TrialPruned
            Where the parameters, such as those of a random sampler, are no architecture. The constraint
            ``"architecture"`` of the trial is set to 1 before, which tells that it is not feasible.
        """
        from ._suggest import suggest_parameters

        domains = self.distributions()
        params: dict[str, Any] = {}
        while missing := self.missing_parameters(params):  # what is there depends on what has been suggested
            params |= suggest_parameters(trial, {name: domains[name] for name in missing})
        row = self.params_to_row(params)[None]
        if not self.is_valid(row)[0]:
            from ._suggest import refuse

            refuse(trial, self)
        return self.decode(row)[0]

    def missing_parameters(self, params: Mapping[str, Any]) -> list[str]:
        """Return the names of the Optuna parameters that an architecture with the given ones has, too.

        Parameters
        ----------
        params : mapping of str to object

        Returns
        -------
        list of str
            Those of :meth:`distributions` that are not given. A parameter that is there only for some
            values of others is named once these are given.
        """
        return [name for name in self.distributions() if name not in params]

    def params_to_row(self, params: Mapping[str, Any]) -> Rows:
        """Return the row, shape ``(n_features,)``, of one dictionary of Optuna parameters."""
        raise TypeError(f"{type(self).__name__} has no Optuna parameters")

    def row_to_params(self, row: ArrayLike) -> dict[str, Any]:
        """Return the Optuna parameters of one row."""
        raise TypeError(f"{type(self).__name__} has no Optuna parameters")


def one_line(value: Any) -> str:
    """Return an architecture, or a part of one, in one line of text; ``-`` for None."""
    if hasattr(value, "describe"):
        return str(value.describe())
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {one_line(part)}" for name, part in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(map(one_line, value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return "-" if value is None else " ".join(str(value).split())


def _lines(architecture: Any) -> list[str]:
    if isinstance(architecture, Mapping):
        return [f"{name} = {one_line(value)}" for name, value in architecture.items()]
    return str(architecture).splitlines()
