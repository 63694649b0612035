"""scikit-learn's own checks of estimators, on the estimators that it uses for its searches."""

import pytest
from optuna.distributions import CategoricalDistribution
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from skpbnas import ArchitectureSearchCV
from skpbnas.spaces import ParameterSpace

VALUES = CategoricalDistribution([0.1, 1.0])
SEARCHES = [
    ArchitectureSearchCV(
        estimator,
        ParameterSpace({name: VALUES}),
        n_evaluations=2,
        predictor="random",
        cv=2,
        error_score="raise",
        random_state=0,
    )
    for estimator, name in [
        (Ridge(), "alpha"),
        (make_pipeline(PCA(), LogisticRegression()), "logisticregression__C"),
    ]
]


# Those that scikit-learn expects its own searches to fail.
def expected(search: ArchitectureSearchCV) -> dict[str, str]:
    return {
        "check_supervised_y_2d": "DataConversionWarning not caught",
        "check_requires_y_none": "Doesn't fail gracefully",
    }


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(SEARCHES, expected_failed_checks=expected)
def test_scikit_learn(estimator, check) -> None:
    check(estimator)
