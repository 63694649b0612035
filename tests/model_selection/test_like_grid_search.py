"""A search of the whole space is ``GridSearchCV``: adapted from scikit-learn's tests of its searches."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy.sparse import csr_matrix
from searches import architecture_search, assert_same_results, both
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.cluster import KMeans
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, make_scorer, recall_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

X, Y = make_classification(n_samples=60, n_features=6, n_informative=3, random_state=0)
C = {"C": [0.01, 0.1, 1.0, 10.0]}
LOGISTIC = LogisticRegression()


def metrics(estimator, X, y) -> dict[str, float]:
    predicted = estimator.predict(X)
    return {"accuracy": accuracy_score(y, predicted), "recall": recall_score(y, predicted)}


def second_best(results) -> int:
    name = "mean_test_accuracy" if "mean_test_accuracy" in results else "mean_test_score"
    return int(np.argsort(-results[name], kind="stable")[1])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cv": 3, "return_train_score": True},
        {"cv": StratifiedKFold(3, shuffle=True, random_state=1), "scoring": "roc_auc"},
        {"cv": list(KFold(4).split(X))},
        {"scoring": make_scorer(recall_score), "refit": False},
        {"scoring": ["accuracy", "recall"], "refit": "recall", "return_train_score": True},
        {"scoring": {"a": "accuracy", "b": "roc_auc"}, "refit": "b"},
        {"scoring": ("accuracy", "recall"), "refit": False},
        {"scoring": metrics, "refit": "accuracy"},
        {"scoring": ["accuracy", "recall"], "refit": second_best},
        {"refit": second_best},
    ],
    ids=lambda options: ", ".join(options),
)
def test_results(options) -> None:
    grid, ours = both(LOGISTIC, C, **options)
    assert_same_results(grid.fit(X, Y), ours.fit(X, Y))
    if options.get("refit", True):
        assert ours.refit_time_ > 0
    if options.get("refit", True) and not callable(options.get("refit")):
        assert ours.score(X, Y) == grid.score(X, Y)
    assert type(ours.scorer_) is type(grid.scorer_)


def test_several_parameters_of_a_pipeline_with_names_and_strings() -> None:
    pipeline = Pipeline([("scale", StandardScaler()), ("svc", SVC(gamma="scale"))])
    parameters = {"svc__C": [0.1, 1], "svc__kernel": ["rbf", "linear"], "scale__with_mean": [True, False]}
    frame = pd.DataFrame(X, columns=list("abcdef"))
    grid, ours = both(pipeline, parameters, cv=3)
    assert_same_results(grid.fit(frame, Y), ours.fit(frame, Y))
    assert list(ours.feature_names_in_) == list(frame) and ours.n_features_in_ == 6


def test_groups_reach_the_splitter() -> None:
    groups = np.arange(60) % 5
    for cv in (LeaveOneGroupOut(), GroupKFold(3)):
        grid, ours = both(LOGISTIC, C, cv=cv)
        assert_same_results(grid.fit(X, Y, groups=groups), ours.fit(X, Y, groups=groups))
        with pytest.raises(ValueError, match="'groups' parameter should not be None"):
            ours.fit(X, Y)


def test_sample_weight_reaches_training_and_scoring() -> None:
    weight = np.random.default_rng(0).integers(0, 5, 60)
    grid, ours = both(LOGISTIC, C, cv=3)
    assert_same_results(grid.fit(X, Y, sample_weight=weight), ours.fit(X, Y, sample_weight=weight))
    best = clone(LOGISTIC).set_params(**ours.best_params_)
    np.testing.assert_allclose(ours.best_estimator_.coef_, best.fit(X, Y, sample_weight=weight).coef_)


def test_metadata_is_routed() -> None:
    weight = np.random.default_rng(0).integers(0, 5, 60)
    with sklearn.config_context(enable_metadata_routing=True):
        estimator = LogisticRegression().set_fit_request(sample_weight=True)
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight="score_weight")
        options = {"scoring": scorer, "cv": GroupKFold(3)}
        given = {"sample_weight": weight, "score_weight": weight[::-1], "groups": np.arange(60) % 4}
        grid, ours = both(estimator, C, **options)
        assert_same_results(grid.fit(X, Y, **given), ours.fit(X, Y, **given))
        assert ours.score(X, Y, score_weight=weight) == grid.score(X, Y, score_weight=weight)
        with pytest.raises(TypeError, match="unexpected argument"):
            ours.fit(X, Y, other=weight)
    with pytest.raises(ValueError, match="only supported if"):
        ours.score(X, Y, score_weight=weight)


def test_predictions_are_those_of_the_best_estimator() -> None:
    ours = architecture_search(LOGISTIC, C).fit(X, Y)
    best = clone(LOGISTIC).set_params(**ours.best_params_).fit(X, Y)
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        np.testing.assert_array_equal(getattr(ours, method)(X), getattr(best, method)(X))
    np.testing.assert_array_equal(ours.classes_, [0, 1])


def test_transform_and_back() -> None:
    grid, ours = both(SelectKBest(), {"k": [2, 3]}, scoring=lambda estimator, X, y: estimator.k)
    grid.fit(X, Y), ours.fit(X, Y)
    np.testing.assert_array_equal(ours.transform(X), grid.transform(X))
    np.testing.assert_array_equal(
        ours.inverse_transform(ours.transform(X)), grid.inverse_transform(grid.transform(X))
    )


def test_methods_are_there_where_the_estimator_has_them() -> None:
    assert hasattr(architecture_search(LOGISTIC, C), "predict_proba")
    assert not hasattr(architecture_search(LinearSVC(), C), "predict_proba")
    ours = architecture_search(LOGISTIC, C, refit=False).fit(X, Y)
    assert not hasattr(ours, "predict") and not hasattr(ours, "best_estimator_") and ours.best_params_
    with pytest.raises(AttributeError, match="refit=False"):
        ours.score(X, Y)
    with pytest.raises(NotFittedError):
        architecture_search(LOGISTIC, C).predict(X)
    assert not hasattr(architecture_search(LOGISTIC, C), "classes_")


def test_without_labels() -> None:
    grid, ours = both(KMeans(n_init=1, random_state=0), {"n_clusters": [2, 3, 4]}, cv=3)
    assert_same_results(grid.fit(X), ours.fit(X))


def test_sparse_precomputed_lists_and_several_outputs() -> None:
    grid, ours = both(LinearSVC(random_state=0), C)
    assert_same_results(grid.fit(csr_matrix(X), Y), ours.fit(csr_matrix(X), Y))
    kernel = X @ X.T
    grid, ours = both(SVC(kernel="precomputed"), C)
    assert_same_results(grid.fit(kernel, Y), ours.fit(kernel, Y))
    assert ours.__sklearn_tags__().input_tags.pairwise
    grid, ours = both(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 3]})
    assert_same_results(grid.fit(X.tolist(), Y.tolist()), ours.fit(X.tolist(), Y.tolist()))
    several = make_multilabel_classification(n_samples=60, random_state=0)
    grid, ours = both(KNeighborsClassifier(), {"n_neighbors": [1, 3]})
    assert_same_results(grid.fit(*several), ours.fit(*several))
    grid, ours = both(Ridge(), {"alpha": [0.1, 10.0]})
    assert_same_results(grid.fit(X, X[:, :2]), ours.fit(X, X[:, :2]))


class Picky(ClassifierMixin, BaseEstimator):
    """Fails for some values of its parameter."""

    def __init__(self, width=1, fails=()):
        self.width, self.fails = width, fails

    def fit(self, X, y):
        if self.width in self.fails:
            raise RuntimeError(f"width {self.width} cannot be built")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[self.width % 2])


@pytest.mark.parametrize("error_score", [np.nan, 0.0])
@pytest.mark.parametrize("scoring", [None, metrics])
def test_an_architecture_that_cannot_be_built_is_recorded(error_score, scoring) -> None:
    options = {"error_score": error_score, "scoring": scoring, "refit": "accuracy" if scoring else True}
    grid, ours = both(Picky(fails=(2, 3)), {"width": [0, 1, 2, 3, 4]}, **options)
    for search in (grid, ours):
        with pytest.warns(FitFailedWarning, match="(?s)10 fits failed out of a total of 25.*cannot be built"):
            search.fit(X, Y)
    assert_same_results(grid, ours)
    failed = np.isin(ours.cv_results_["param_width"].astype(int), (2, 3))
    assert ours.search_.history_["score"].isna().sum() == (2 if np.isnan(error_score) else 0)
    assert (ours.cv_results_[f"rank_test_{'accuracy' if scoring else 'score'}"][failed] == 4).all()


def test_errors_can_be_raised() -> None:
    with pytest.raises(RuntimeError, match="width 2 cannot be built"):
        architecture_search(Picky(fails=(2,)), {"width": [1, 2]}, error_score="raise").fit(X, Y)


def test_scores_of_several_metrics_need_a_name_to_refit() -> None:
    for scoring in (["accuracy", "recall"], metrics):
        for refit in (True, "other"):
            with pytest.raises(ValueError, match="For multi-metric scoring, the parameter refit must be set"):
                architecture_search(LOGISTIC, C, scoring=scoring, refit=refit).fit(X, Y)
    with pytest.raises(TypeError, match="not an integer"):
        architecture_search(LOGISTIC, C, refit=lambda results: "a").fit(X, Y)
    with pytest.raises(IndexError, match="out of range"):
        architecture_search(LOGISTIC, C, refit=lambda results: 99).fit(X, Y)


def test_an_estimator_without_a_score_needs_scoring() -> None:
    class WithoutScore(BaseEstimator):
        def __init__(self, width=1):
            self.width = width

        def fit(self, X, y=None):
            return self

    with pytest.raises(TypeError, match="no scoring"):
        architecture_search(WithoutScore(), {"width": [1, 2]}).fit(X, Y)


def test_splits_that_are_none_are_refused() -> None:
    class Empty(KFold):
        def split(self, *_, **__):
            return iter(())

    class Short(KFold):
        def get_n_splits(self, *_, **__):
            return 9

    with pytest.raises(ValueError, match="No fits were performed"):
        architecture_search(LOGISTIC, C, cv=Empty()).fit(X, Y)
    with pytest.raises(ValueError, match="inconsistent results. Expected 9 splits, got 3"):
        architecture_search(LOGISTIC, C, cv=Short(3)).fit(X, Y)


def test_all_architectures_have_the_same_splits() -> None:
    class Remembers(BaseEstimator):
        def __init__(self, width=1):
            self.width = width

        def fit(self, X, y):
            self.sum_ = X.sum()
            return self

        def score(self, X, y):
            return self.sum_

    ours = architecture_search(Remembers(), {"width": [1, 2, 3]}, cv=ShuffleSplit(2)).fit(X, Y)
    for k in range(2):
        assert len(set(ours.cv_results_[f"split{k}_test_score"])) == 1


def test_clone_pickle_and_nesting() -> None:
    ours = architecture_search(
        make_pipeline(StandardScaler(), LOGISTIC), {"logisticregression__C": [0.1, 1.0]}
    )
    copy = clone(ours)
    assert repr(copy) == repr(ours)
    again = pickle.loads(pickle.dumps(copy.fit(X, Y)))
    np.testing.assert_array_equal(again.predict(X), copy.predict(X))
    assert again.search_.history_["score"].tolist() == copy.search_.history_["score"].tolist()
    scores = cross_val_score(ours, X, Y, cv=3)
    assert scores.shape == (3,) and scores.mean() > 0.5
    outer = GridSearchCV(ours, {"estimator__standardscaler__with_mean": [True, False]}, cv=2).fit(X, Y)
    assert outer.best_estimator_.best_params_
    inside = make_pipeline(StandardScaler(), architecture_search(LOGISTIC, C)).fit(X, Y)
    assert inside.score(X, Y) > 0.5
    assert "ArchitectureSearchCV" in ours._repr_html_()


def test_nothing_is_warned_of_where_all_is_well() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        architecture_search(DummyClassifier(), {"strategy": ["prior", "most_frequent"]}).fit(X, Y)


def test_every_training_can_be_printed(capsys) -> None:
    architecture_search(LOGISTIC, {"C": [0.1, 1.0]}, cv=2, verbose=3, return_train_score=True).fit(X, Y)
    printed = capsys.readouterr().out
    assert printed.count("[CV") == 4 and "C=0.1" in printed and "train=" in printed
