"""Constraints: the part of a space that is feasible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..drawing import Diagram
from ._base import Rows, SearchSpace, Seed

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

# What NumPy says to a function that takes its rows for a single one.
_SIGNS_OF_ONE = ("truth value of an array", "'numpy.ndarray' object has no attribute")
_DRAW = 8_192  # rows drawn at a time, at most
_PATIENCE = 131_072  # rows drawn in a row of which none is feasible


class InfeasibleSpaceError(ValueError):
    """No architecture of a space was found that meets its constraint."""


class ConstrainedSpace(SearchSpace):
    """The architectures of a space that meet a constraint: few enough parameters, low enough latency.

    Everything that draws from it holds the constraint: pools, the start of a search, the Optuna sampler.

    Parameters
    ----------
    space : SearchSpace
    feasible : callable
        ``feasible(X)`` takes valid rows in canonical form, shape ``(n, n_features)``, and returns which of
        them are feasible, shape ``(n,)``, as booleans.
    name : str, default=None
        What the constraint is called, such as ``"latency < 20 ms"``: checkpoints tell spaces apart by it.
        None takes the qualified name of a function; a lambda, or a function made in another one, needs a name
        for a checkpoint.

    Notes
    -----
    Children of mutation and crossover may be infeasible, and are then invalid. Samples are drawn from the
    space until enough are feasible, or from its list where there is one. Where feasible architectures are
    too rare to be drawn, tell a search of some that you know: evolutionary pools then find others.

    Raises
    ------
    InfeasibleSpaceError
        When it is listed or drawn from, where nothing feasible is found.

    Examples
    --------
    >>> import numpy as np
    >>> from skpbnas.spaces import ChainSpace, ConstrainedSpace
    >>> widths = ChainSpace([[8, 16, 32]] * 4)
    >>> narrow = ConstrainedSpace(widths, lambda X: X[:, 17::2].sum(axis=1) < 2)
    >>> len(widths), len(narrow)
    (81, 31)
    """

    def __init__(
        self, space: SearchSpace, feasible: Callable[[Rows], ArrayLike], name: str | None = None
    ) -> None:
        if not isinstance(space, SearchSpace):
            raise TypeError(f"space={space!r} is not a SearchSpace")
        if not callable(feasible):
            raise TypeError(f"feasible={feasible!r} is not callable; give a function of rows")
        self.space = space
        self.feasible = feasible
        self.name = name
        self.n_nodes, self.n_node_features = space.n_nodes, space.n_node_features
        self._all: Rows | None = None

    def __repr__(self) -> str:
        if self.name is not None:
            return f"ConstrainedSpace({self.space!r}, name={self.name!r})"
        function = getattr(self.feasible, "__qualname__", repr(self.feasible))
        return f"ConstrainedSpace({self.space!r}, {function})"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_all": None}

    @property
    def n_features(self) -> int:
        """Number of columns of a row, as in the space."""
        return self.space.n_features

    def get_feature_names_out(self) -> NDArray[np.object_]:
        """Return the column names of the space."""
        return self.space.get_feature_names_out()

    def get_roles_out(self) -> list[str]:
        """Return the roles of the columns of the space."""
        return self.space.get_roles_out()

    # --------------------------------------------------------------------------------- the constraint

    def _meets(self, X: Rows) -> NDArray[np.bool_]:
        """Tell which valid rows are feasible."""
        if not len(X):
            return np.zeros(0, bool)
        mask = self._answers(self.space.canonicalize(X))
        if mask.shape != (len(X),) or mask.dtype != bool:
            raise ValueError(
                f"feasible= returned an array of {mask.dtype} of shape {mask.shape} for {len(X)} rows; it "
                f"must return one boolean for each row, shape ({len(X)},)"
            )
        return mask

    def _answers(self, X: Rows) -> NDArray:
        try:
            return np.asarray(self.feasible(X))
        except (ValueError, AttributeError) as error:
            if not any(sign in str(error) for sign in _SIGNS_OF_ONE):
                raise
            raise ValueError(
                f"feasible= was called with {len(X)} rows at once, an array of shape {X.shape}, and seems to "
                f"be written for one architecture ({error}); compare whole columns, such as "
                f"X[:, :10].sum(axis=1) < 5, or decode: "
                f"lambda X: np.array([is_small(architecture) for architecture in space.decode(X)])"
            ) from error

    def is_valid(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Tell for each row whether it encodes an architecture of the space, and a feasible one."""
        rows = np.asarray(X)
        valid = self.space.is_valid(rows)
        valid[valid] = self._meets(rows[valid])
        return valid

    def sample(self, n: int, rng: Seed = None) -> Rows:
        """Draw ``n`` feasible rows, with replacement, each as likely as in the space among the feasible."""
        rng = np.random.default_rng(rng)
        if self.is_enumerable:
            return self.enumerate()[rng.integers(len(self), size=n)]
        drawn = [self.space.sample(0, rng)]
        missing, in_vain = n, 0
        while missing > 0:
            X = self.space.sample(min(4 * missing + 64 + in_vain, _DRAW), rng)
            found = X[self._meets(X)][:missing]
            drawn.append(found)
            missing -= len(found)
            in_vain = 0 if len(found) else in_vain + len(X)
            if in_vain >= _PATIENCE:
                raise InfeasibleSpaceError(
                    f"none of {in_vain} random architectures of {self.space!r} is feasible; loosen "
                    f"feasible=, narrow the space, or tell the search of feasible architectures first"
                )
        return np.concatenate(drawn)

    @property
    def is_enumerable(self) -> bool:
        """Whether the space is."""
        return self.space.is_enumerable

    def __len__(self) -> int:
        return len(self.enumerate()) if self.is_enumerable else super().__len__()

    def enumerate(self) -> Rows:
        """Return every feasible architecture once, in the order of the space."""
        if not self.is_enumerable:
            return super().enumerate()
        if self._all is None:
            everything = self.space.enumerate()
            mask = self._meets(everything)
            if not mask.any():
                raise InfeasibleSpaceError(
                    f"none of the {len(everything)} architectures of {self.space!r} is feasible; loosen "
                    f"feasible="
                )
            self._all = everything[mask]
            self._all.flags.writeable = False
        return self._all

    # ---------------------------------------------------------------------------- as in the space

    def mutate(self, X: Rows, probability: float, rng: np.random.Generator) -> Rows:
        """Mutate as in the space; a child may be infeasible."""
        return self.space.mutate(X, probability, rng)

    def crossover(self, X1: Rows, X2: Rows, rng: np.random.Generator) -> Rows:
        """Cross as in the space; a child may be infeasible."""
        return self.space.crossover(X1, X2, rng)

    def canonical_key(self, X: ArrayLike) -> NDArray[np.uint64]:
        """Return the keys of the space."""
        return self.space.canonical_key(X)

    def canonicalize(self, X: ArrayLike) -> Rows:
        """Return the canonical forms of the space."""
        return self.space.canonicalize(X)

    def discretize(self, Z: NDArray[np.floating]) -> Rows:
        """Discretize as in the space; a result may be infeasible."""
        return self.space.discretize(Z)

    def relax(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the shadow matrices of the space."""
        return self.space.relax(X)

    def encode(self, architectures: Iterable[Any]) -> Rows:
        """Return the rows of the space; whether they are feasible is for :meth:`is_valid`."""
        return self.space.encode(architectures)

    def decode(self, X: ArrayLike) -> list[Any]:
        """Return the readable architectures of rows."""
        return self.space.decode(X)

    def draw(self, architecture: Any, title: str = "") -> Diagram:
        """Return the drawing of the space."""
        return self.space.draw(architecture, title)

    def describe(self, architecture: Any) -> str:
        """Return an architecture in one line, as the space does."""
        return self.space.describe(architecture)

    def distributions(self) -> dict[str, BaseDistribution]:
        """Return the Optuna distributions of the space."""
        return self.space.distributions()

    def missing_parameters(self, params: Mapping[str, Any]) -> list[str]:
        """Return what the space lacks."""
        return self.space.missing_parameters(params)

    def params_to_row(self, params: Mapping[str, Any]) -> Rows:
        """Return the row of one dictionary of Optuna parameters; it may be infeasible."""
        return self.space.params_to_row(params)

    def row_to_params(self, row: ArrayLike) -> dict[str, Any]:
        """Return the Optuna parameters of one valid row."""
        return self.space.row_to_params(row)
