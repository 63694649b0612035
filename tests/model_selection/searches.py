"""The same search twice: as ``GridSearchCV``, and as a search that evaluates the whole space."""

from typing import Any

import numpy as np
from optuna.distributions import CategoricalDistribution
from sklearn.model_selection import GridSearchCV, ParameterGrid

from skpbnas import ArchitectureSearchCV


def architecture_search(estimator, grid: dict[str, list], **options: Any) -> ArchitectureSearchCV:
    space = {name: CategoricalDistribution(values) for name, values in grid.items()}
    size = len(ParameterGrid(grid))
    return ArchitectureSearchCV(
        estimator, space, n_evaluations=size, predictor="random", random_state=0, **options
    )


def both(estimator, grid: dict[str, list], **options: Any) -> tuple[GridSearchCV, ArchitectureSearchCV]:
    return GridSearchCV(estimator, grid, **options), architecture_search(estimator, grid, **options)


def assert_same_results(grid: GridSearchCV, ours: ArchitectureSearchCV) -> None:
    """Compare all columns but the seconds, line by line; the order of the lines may differ."""
    known, found = grid.cv_results_, ours.cv_results_
    assert set(known) <= set(found)
    order = [found["params"].index(params) for params in known["params"]]
    assert sorted(order) == list(range(len(order)))
    for name, column in known.items():
        if name.endswith("_time"):
            assert np.isfinite(found[name]).all()
        elif name == "params":
            continue
        elif name.startswith("param_"):
            assert isinstance(found[name], np.ma.MaskedArray) and found[name].dtype == column.dtype, name
            assert list(found[name][order]) == list(column), name
        else:
            np.testing.assert_allclose(found[name][order], column, err_msg=name)
    for name in ("best_score_", "n_splits_", "multimetric_"):
        assert hasattr(ours, name) == hasattr(grid, name), name
        if hasattr(grid, name):
            assert getattr(ours, name) == getattr(grid, name), name
    if hasattr(grid, "best_index_"):
        assert found["params"][ours.best_index_] == ours.best_params_
