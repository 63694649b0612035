"""What a search of architectures adds to a search on a grid, and what it does with bad input."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import joblib
import numpy as np
import pytest
import torch
from estimators import DEADLY, Deadly, OnDevice, Toy
from optuna.distributions import CategoricalDistribution, FloatDistribution
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import ShuffleSplit, cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier

from skpbnas import ArchitectureSearchCV
from skpbnas.nn import MLP, CellNetwork, mlp_space
from skpbnas.search import CheckpointError, read_checkpoint
from skpbnas.spaces import CellSpace, ChainSpace, ConstrainedSpace, ParameterSpace, ProductSpace

X, Y = load_iris(return_X_y=True)
ONE = ShuffleSplit(1, test_size=0.3, random_state=0)


WIDTHS = ChainSpace([range(1, 30), [*range(1, 30), None]])


def search(estimator=None, space=None, **options):
    options = {"n_evaluations": 6, "cv": ONE, "random_state": 0, **options}
    return ArchitectureSearchCV(estimator or Toy(), {"widths": WIDTHS} if space is None else space, **options)


# ------------------------------------------------------------------------- parts and parameters


def test_a_chain_is_one_parameter_without_the_layers_that_are_left_out() -> None:
    found = search(n_evaluations=12).fit(X, Y)
    assert isinstance(found.best_params_["widths"], tuple) and None not in found.best_params_["widths"]
    assert any(len(widths) == 1 for widths in found.cv_results_["param_widths"])
    assert (
        found.best_score_ == sum(found.best_params_["widths"]) == sum(filter(None, found.best_architecture_))
    )


@pytest.mark.slow
def test_named_parts_are_parameters() -> None:
    pipeline = make_pipeline(StandardScaler(), Toy())
    scaler = ParameterSpace({"with_mean": CategoricalDistribution([True, False])})
    parts = ProductSpace({"toy": ProductSpace({"widths": WIDTHS}), "standardscaler": scaler})
    found = search(pipeline, parts, predictor="random").fit(X, Y)
    assert set(found.best_params_) == {"toy__widths", "standardscaler__with_mean"}
    rest = ParameterSpace({"x": FloatDistribution(0, 1)})
    parts = ProductSpace({"toy": ProductSpace({"widths": WIDTHS, "rest": rest}), "standardscaler": scaler})
    with pytest.raises(ValueError, match=r"does not take the parameters.*toy__rest__x"):
        search(pipeline, parts).fit(X, Y)


def test_spaces_and_distributions_side_by_side() -> None:
    cells = CellSpace(4, ["a", "b"])
    space = {"widths": WIDTHS, "cell": cells, "rate": FloatDistribution(1e-3, 1, log=True)}
    found = search(space=space).fit(X, Y)
    assert set(found.best_params_) == {"widths", "cell", "rate"}
    assert found.best_estimator_.rate == found.best_params_["rate"]
    assert cells.is_valid(cells.encode([found.best_params_["cell"]])).all()


@pytest.mark.parametrize(
    ("space", "error", "message"),
    [
        (WIDTHS, TypeError, "nothing says which parameter"),
        ({}, TypeError, "space={} is not allowed"),
        ({"widths": [1, 2]}, TypeError, r"space\['widths'\]=\[1, 2\] is not allowed"),
        (
            {"width": WIDTHS},
            ValueError,
            r"does not take the parameters \['width'\]: Invalid parameter 'width'",
        ),
        ({"widths__a": WIDTHS}, ValueError, "does not take the parameters"),
        (
            {"toy": ParameterSpace({"a": FloatDistribution(0, 1)}), "toy__a": WIDTHS},
            ValueError,
            "two parts of the space stand for the parameter 'toy__a'",
        ),
    ],
)
def test_a_space_that_does_not_fit_is_told_before_any_training(space, error, message) -> None:
    class Untouched(Toy):
        def fit(self, X, y):
            raise AssertionError("trained")

    with pytest.raises(error, match=message):
        search(Untouched(), space).fit(X, Y)


# -------------------------------------------------------------------------------- real estimators


def test_hidden_layers_of_scikit_learn() -> None:
    network = make_pipeline(StandardScaler(), MLPClassifier(max_iter=5, random_state=0))
    space = {
        "mlpclassifier__hidden_layer_sizes": mlp_space(2, (4, 8)),
        "mlpclassifier__activation": CategoricalDistribution(["relu", "tanh"]),
    }
    with pytest.warns(UserWarning, match="hasn't converged"):
        found = search(network, space, predictor="random").fit(X, Y)
    layers = found.best_estimator_[-1].coefs_[:-1]
    assert found.best_params_["mlpclassifier__hidden_layer_sizes"] == tuple(
        layer.shape[1] for layer in layers
    )


def test_modules_in_skorch() -> None:
    x, y = X.astype(np.float32), Y.astype(np.int64)
    options = {"criterion": torch.nn.CrossEntropyLoss, "max_epochs": 2, "train_split": None, "verbose": 0}
    net = NeuralNetClassifier(MLP, module__n_inputs=4, module__n_outputs=3, **options)
    space = {"net__module__widths": mlp_space(2, (4, 8)), "net__lr": FloatDistribution(1e-2, 1, log=True)}
    found = search(make_pipeline("passthrough", net).set_params(steps=[("net", net)]), space).fit(x, y)
    assert found.best_estimator_[-1].module_.state_dict() and found.predict_proba(x).shape == (150, 3)
    with pytest.raises(ValueError, match="(?s)All the 4 fits failed.*unexpected keyword argument 'width'"):
        search(net, {"module__width": mlp_space(2, (4, 8))}).fit(x, y)


def test_cells_in_skorch() -> None:
    images = np.random.default_rng(0).normal(size=(40, 1, 4, 4)).astype(np.float32)
    labels = np.arange(40) % 2
    operations = {"conv": lambda c: torch.nn.Conv2d(c, c, 1), "pool": lambda c: torch.nn.MaxPool2d(3, 1, 1)}
    net = NeuralNetClassifier(
        CellNetwork,
        module__operations=operations,
        module__in_channels=1,
        module__channels=4,
        module__n_stacks=1,
        module__n_outputs=2,
        criterion=torch.nn.CrossEntropyLoss,
        max_epochs=1,
        train_split=None,
        verbose=0,
    )
    found = search(net, {"module__cell": CellSpace(4, ["conv", "pool"])}, n_evaluations=3).fit(images, labels)
    assert found.space_.draw(found.best_architecture_)
    assert found.predict(images).shape == (40,)


# --------------------------------------------------------------------------- what the search adds


def test_the_predictor_chooses() -> None:
    assert search(n_evaluations=12).fit(X, Y).best_score_ == 29 + 29  # the best of 870


def test_workers_and_seeds_give_the_same_search() -> None:
    with joblib.parallel_config("threading"):
        alone, again = (search(n_jobs=n_jobs, predictor="random").fit(X, Y) for n_jobs in (None, 2))
        found = search(n_jobs=2, asynchronous=True, predictor="random").fit(X, Y)
    assert alone.cv_results_["params"] == again.cv_results_["params"]
    assert alone.best_params_ == again.best_params_
    assert len(found.cv_results_["params"]) == 6


@pytest.mark.parametrize("in_threads", [True, False])
def test_each_training_has_a_device(in_threads) -> None:
    options = {"devices": [3, 5], "cv": ShuffleSplit(2, random_state=0), "predictor": "random"}
    with joblib.parallel_config("threading" if in_threads else "loky"):
        found = clone(search(OnDevice(), refit=False, **options)).fit(X, Y)
    results = found.cv_results_
    assert set(results["mean_test_score"]) <= {3, 5}
    assert (results["std_test_score"] == 0).all()  # all splits of an architecture on the same one


def test_an_executor_is_opened_for_each_fit_and_shut_down_after_it() -> None:
    opened = []

    def threads():
        opened.append(ThreadPoolExecutor(2))
        return opened[-1]

    alone, on_threads = search(predictor="random"), search(predictor="random", executor=threads)
    scores = cross_val_score(on_threads, X, Y, cv=3)
    assert scores.tolist() == cross_val_score(alone, X, Y, cv=3).tolist()
    assert len(opened) == 3 and all(executor._shutdown for executor in opened)
    with pytest.raises(TypeError, match="give a function that returns a new one"):
        search(executor=opened[0]).fit(X, Y)
    with pytest.raises(TypeError, match="returned None"):
        search(executor=lambda: None).fit(X, Y)
    search(executor=partial(ThreadPoolExecutor, 2), devices=[0, 1], predictor="random").fit(X, Y)


def test_a_checkpoint_goes_on_and_belongs_to_its_data(tmp_path) -> None:
    path = tmp_path / "search.db"
    first = search(n_evaluations=4, checkpoint=path, predictor="random").fit(X, Y)
    more = search(n_evaluations=6, checkpoint=path, predictor="random").fit(X, Y)
    whole = search(n_evaluations=6, predictor="random").fit(X, Y)
    assert more.cv_results_["params"][:4] == first.cv_results_["params"]
    for name in ("mean_fit_time", "split0_test_score"):  # those of the first fit, not measured again
        np.testing.assert_array_equal(more.cv_results_[name][:4], first.cv_results_[name])
    assert more.cv_results_["params"] == whole.cv_results_["params"]
    assert len(read_checkpoint(path, more.space_).scores) == 6
    with pytest.raises(CheckpointError, match="objective.data"):
        search(checkpoint=path, predictor="random").fit(X + 1, Y)
    with pytest.raises(CheckpointError, match="objective.estimator"):
        search(Toy(rate=2.0), checkpoint=path, predictor="random").fit(X, Y)
    with pytest.raises(CheckpointError, match="objective.splits"):
        search(checkpoint=path, cv=2, predictor="random").fit(X, Y)


class Noisy(Toy):
    def score(self, X, y):
        return float(np.random.default_rng([self.random_state, *self.widths]).normal())


def test_finalists_are_trained_again_with_other_seeds() -> None:
    found = search(Noisy(), n_evaluations=20, n_finalists="auto", predictor="random").fit(X, Y)
    results = found.cv_results_
    assert results["n_trainings"].sum() == 20 and len(results["params"]) < 20
    assert found.best_architecture_ == found.search_.recommended_architecture_
    repeated = int(results["n_trainings"].argmax())
    history = found.search_.history_
    of = [found.space_.decode(found.search_.evaluated_rows_)[k] for k in range(20)]
    widths = results["params"][repeated]["widths"]
    same = [k for k in range(20) if tuple(filter(None, of[k])) == widths]
    assert len(set(history["score"][same])) == len(same) > 1
    assert results["mean_test_score"][repeated] == pytest.approx(history["score"][same].mean())


def test_costs_stand_in_the_results_and_a_function_may_choose_by_them() -> None:
    def within(results):
        allowed = results["cost_layers"] <= 1
        return int(np.where(allowed, results["mean_test_score"], -np.inf).argmax())

    def layers(rows):
        return np.isfinite(WIDTHS.numbers(rows)).sum(axis=1)

    found = search(costs={"layers": layers}, n_evaluations=16, refit=within).fit(X, Y)
    assert len(found.best_params_["widths"]) == 1
    assert set(found.search_.pareto_front_.costs["layers"]) <= {1, 2}


def test_several_metrics_without_a_name_are_a_front() -> None:
    scoring = {
        "sum": lambda estimator, X, y: sum(estimator.widths),
        "few": lambda estimator, X, y: -estimator.widths[0],
    }
    found = search(scoring=scoring, refit=False).fit(X, Y)
    assert found.search_.history_.filter(like="score_").shape[1] == 4  # observed and predicted
    assert len(found.search_.pareto_front_.rows) >= 1 and not hasattr(found, "best_index_")


# ------------------------------------------------------------------------------------- bad input


def first_width_in(*values):
    return {"widths": ChainSpace([sorted(values), [1, 2, 3]])}


def test_no_memory_and_no_number_are_recorded() -> None:
    with pytest.warns(FitFailedWarning, match="(?s)3 fits failed out of a total of 9.*out of memory"):
        found = search(space=first_width_in(5, 113, 117), n_evaluations=9, predictor="random").fit(X, Y)
    bad = [widths[0] in (113, 117) for widths in found.cv_results_["param_widths"]]
    np.testing.assert_array_equal(np.isnan(found.cv_results_["mean_test_score"]), bad)
    assert found.best_params_["widths"][0] == 5


def test_a_search_stops_where_all_of_the_first_fail() -> None:
    count = []

    class Counted(Toy):
        def fit(self, X, y):
            count.append(1)
            raise RuntimeError("wrong shape")

    with pytest.raises(ValueError, match="(?s)All the 4 fits failed.*wrong shape"):
        search(Counted(), n_evaluations=50).fit(X, Y)
    assert len(count) == 4


def test_labels_of_one_class_are_refused() -> None:
    with pytest.raises(ValueError, match=r"Toy is a classifier and requires y"):
        search().fit(X)
    with pytest.raises(ValueError, match="y has one class only"):
        search().fit(X, np.zeros(150, int))


def test_a_space_that_is_exhausted_ends_the_search() -> None:
    with pytest.warns(UserWarning, match="is exhausted after 3 of 6 evaluations"):
        found = search(space={"widths": ConstrainedSpace(ChainSpace([[1, 2, 3]]), all_rows)}).fit(X, Y)
    assert found.best_params_ == {"widths": (3,)} and len(found.cv_results_["params"]) == 3


def all_rows(rows):
    return np.ones(len(rows), bool)


@pytest.mark.slow
def test_an_architecture_that_kills_its_worker_has_failed() -> None:
    space = {"widths": ChainSpace([[1, DEADLY, 7]])}
    with pytest.warns(UserWarning, match="its worker died, twice"):
        found = search(Deadly(), space, n_evaluations=3, predictor="random", n_jobs=2).fit(X, Y)
    results = found.cv_results_
    alive = [widths[0] != DEADLY for widths in results["param_widths"]]
    np.testing.assert_array_equal(np.isfinite(results["mean_fit_time"]), alive)
    np.testing.assert_array_equal(np.isfinite(results["mean_test_score"]), alive)
    assert found.best_params_ == {"widths": (7,)}


def test_limits_reach_the_search() -> None:
    with joblib.parallel_config("threading"), pytest.raises(ValueError, match="timeout=9 is not possible"):
        search(timeout=9, n_jobs=2).fit(X, Y)
    with pytest.raises(ValueError, match="No fits were performed: no training ended within the limits"):
        search(max_seconds=1e-9).fit(X, Y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_evaluations": 0}, "'n_evaluations' parameter"),
        ({"timeout": 0}, "'timeout' parameter"),
        ({"n_finalists": 1}, "'n_finalists' parameter"),
        ({"predictor": "best"}, "'predictor' parameter"),
        ({"scoring": "speed"}, "'scoring' parameter"),
    ],
)
def test_parameters_that_are_not_allowed(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        search(**options).fit(X, Y)
