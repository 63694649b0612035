"""What pictures need of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._for_space import for_space

if TYPE_CHECKING:
    from ..search import PredictorBasedSearch


def evaluated(search: PredictorBasedSearch) -> tuple[NDArray, NDArray[np.float64]]:
    """Return the rows and scores of all evaluations that have not failed."""
    history = search.history_
    if "score" not in history:
        raise ValueError("the search has several objectives; this picture shows one")
    known = history["score"].notna().to_numpy()
    return search.evaluated_rows_[known], history["score"].to_numpy()[known]


def predictor_of(search: PredictorBasedSearch) -> Any:
    """Return an unfitted copy of the predictor of a search, which is ready for its rows."""
    from ..search import default_predictor

    predictor = default_predictor(search.space) if search.predictor is None else search.predictor
    if predictor == "random":
        raise ValueError("predictor='random' predicts nothing; this picture needs a search with a predictor")
    return for_space(predictor, search.space, seed=0)
