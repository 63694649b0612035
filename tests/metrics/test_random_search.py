"""Random search, exactly."""

from itertools import combinations

import numpy as np
import pytest

from skpbnas.metrics import random_search_quantiles


@pytest.mark.parametrize("quantile", [0.1, 0.25, 0.5, 0.75, 1.0])
def test_quantiles_are_those_of_all_draws(quantile):
    scores = [0.3, 0.1, 0.7, 0.7, 0.2, 0.9, 0.4]
    exact = random_search_quantiles(scores, 7, [quantile])[0]
    for k in range(1, 8):
        best = np.sort([max(draw) for draw in combinations(scores, k)])
        assert exact[k - 1] == best[int(np.ceil(quantile * len(best) - 1e-9)) - 1]


def test_they_rise_with_the_budget_to_the_best_of_all(rng):
    scores = rng.normal(size=3000)
    curves = random_search_quantiles(scores, 3000)
    assert (np.diff(curves, axis=0) >= 0).all() and (np.diff(curves, axis=1) >= 0).all()
    assert (curves[:, -1] == scores.max()).all()


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="n_evaluations=4"):
        random_search_quantiles([1, 2, 3], 4)
    with pytest.raises(ValueError, match="quantiles"):
        random_search_quantiles([1, 2, 3], 2, [0.0])
