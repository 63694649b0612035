"""From readable architectures to rows, at the front of a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted, validate_data

from ..spaces import Rows, SearchSpace


class ArchitectureEncoder(TransformerMixin, BaseEstimator):
    """Encodes architectures as the rows of a space.

    Parameters
    ----------
    space : SearchSpace, default=None
        None passes numeric rows on as they are.

    Attributes
    ----------
    n_features_out_ : int
        Number of columns of a row.

    Notes
    -----
    With ``set_output(transform="pandas")`` the columns are named, and a ``GCNRankPredictor`` behind it reads
    the number of nodes from the names.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skpbnas import ArchitectureEncoder, CellSpace, GCNRankPredictor
    >>> space = CellSpace(5, ["conv", "pool"])
    >>> cells = space.decode(space.enumerate()[:50])
    >>> encoder = ArchitectureEncoder(space).set_output(transform="pandas")
    >>> model = make_pipeline(encoder, GCNRankPredictor(random_state=0))
    >>> model = model.fit(cells, [len(cell.operations) for cell in cells])
    >>> model[-1].n_nodes_
    5
    """

    _parameter_constraints: dict = {"space": [HasMethods(["encode", "params_to_row"]), None]}

    def __init__(self, space: SearchSpace | None = None) -> None:
        self.space = space

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> ArchitectureEncoder:
        """Check the input; nothing is learned.

        Parameters
        ----------
        X : sequence of architectures, or array-like of shape (n, n_features)
            As :meth:`transform` takes them.
        y : Ignored

        Returns
        -------
        self : ArchitectureEncoder
        """
        if self.space is None:
            rows: NDArray = validate_data(self, X)
            self.n_features_out_ = rows.shape[1]
        else:
            self.n_features_out_ = self.space.n_features
        return self

    def transform(self, X: Any) -> Rows:
        """Encode architectures.

        Parameters
        ----------
        X : sequence of architectures, or array-like of shape (n, n_features)
            Cells, pairs of a matrix and operation names, dictionaries of Optuna parameters, or a DataFrame
            with a column for each parameter; with ``space=None`` numeric rows.

        Returns
        -------
        ndarray of shape (n, n_features)

        Raises
        ------
        ValueError
            Naming the architecture that does not fit the space, and why.
        """
        check_is_fitted(self)
        if self.space is None:
            rows: NDArray = validate_data(self, X, reset=False)
            return rows
        items: list[Any] = X.to_dict("records") if isinstance(X, pd.DataFrame) else list(X)
        if items and all(isinstance(item, Mapping) for item in items):
            encoded = np.stack([self.space.params_to_row(item) for item in items])
            invalid = np.flatnonzero(~self.space.is_valid(encoded))
            if len(invalid):
                raise ValueError(
                    f"the parameters of architecture {invalid[0]} describe none of {self.space!r}"
                )
            return encoded
        return self.space.encode(items)

    def inverse_transform(self, X: Any) -> Any:
        """Decode rows.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Valid rows of the space.

        Returns
        -------
        list of architectures, or ndarray of shape (n, n_features)
            As ``space.decode`` returns them; encoding them gives the rows again, or isomorphic ones. With
            ``space=None`` the rows.

        Raises
        ------
        ValueError
            Naming a row that is no architecture of the space.
        """
        check_is_fitted(self)
        if self.space is None:
            rows: NDArray = validate_data(self, X, reset=False)
            return rows
        return self.space.decode(np.asarray(X))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the columns: those of the space."""
        check_is_fitted(self)
        if self.space is not None:
            return self.space.get_feature_names_out()
        given = getattr(self, "feature_names_in_", input_features)
        names = [f"x{k}" for k in range(self.n_features_out_)] if given is None else given
        return np.asarray(names, dtype=object)
