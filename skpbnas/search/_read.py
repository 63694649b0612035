"""The results of a search that is on disk, while it runs and afterwards."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple, cast

from ..spaces import SearchSpace
from ._archive import Archive
from ._checkpoint import _load
from ._found import SearchResults
from ._identity import Identity
from ._state import SearchState


class _Read(NamedTuple):
    """What results read of a state."""

    archive: Archive
    last_proposal: None = None


class SavedResults(SearchResults):
    """The results of a search as its checkpoint holds them: the attributes of :class:`PredictorBasedSearch`.

    Attributes
    ----------
    space : SearchSpace
    identity_ : dict
        What the search is: its space, predictor, pool, sizes, seed and objective.
    """

    def __init__(self, space: SearchSpace, archive: Archive, identity: Identity) -> None:
        self.space = space
        self.identity_ = identity
        self._state = cast(SearchState, _Read(archive))

    def __repr__(self) -> str:
        return f"SavedResults({self.space!r}, {self._state.archive.n_told} evaluations)"

    def _repr_html_(self) -> str:
        return self._repr_html_inner()

    def _repr_html_inner(self) -> str:
        return super()._repr_html_inner() if self._state.archive.n_told else repr(self)


def read_results(path: str | os.PathLike[str], space: Any) -> SavedResults:
    """Read the results of a checkpoint, also while a search is writing to it.

    Parameters
    ----------
    path : path
    space : SearchSpace
        That of the search.

    Returns
    -------
    SavedResults
        With ``results_``, ``history_``, ``recommendation_``, ``pareto_front_``, ``summary()`` and all other
        results of a search.

    Raises
    ------
    CheckpointError
        Where the file is damaged, or of another space.
    OSError
        Where it cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> from skpbnas import CellSpace, PredictorBasedSearch
    >>> from skpbnas.search import read_results
    >>> space = CellSpace(4, ["conv", "pool"])
    >>> def n_convolutions(cell):
    ...     return cell.operations.count("conv")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     search = PredictorBasedSearch(space, random_state=0)
    ...     search = search.run(n_convolutions, 6, checkpoint=f"{folder}/search.db")
    ...     results = read_results(f"{folder}/search.db", space)
    >>> results
    SavedResults(CellSpace(4, ['conv', 'pool'], 6), 6 evaluations)
    >>> results.best_score_ == search.best_score_
    True
    """
    saved = _load(Path(path), space)
    return SavedResults(space, saved.archive, saved.identity)
