"""What Optuna does with a study afterwards, or around it, works with the sampler's trials as with any."""

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.importance import (
    FanovaImportanceEvaluator,
    MeanDecreaseImpurityImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)
from optuna.terminator import (
    BestValueStagnationEvaluator,
    EMMREvaluator,
    MedianErrorEvaluator,
    RegretBoundEvaluator,
    StaticErrorEvaluator,
    Terminator,
    TerminatorCallback,
    report_cross_validation_scores,
)
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_score

from skpbnas import CellSpace, PBNASSampler
from skpbnas.spaces import ParameterSpace

SPACE = CellSpace(4, ["conv", "pool"])
optuna.logging.set_verbosity(optuna.logging.WARNING)
pytestmark = [
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore:.optuna.terminator. module has been deprecated:FutureWarning"),
]


def sampler(space=SPACE, **options):
    """A sampler that fits in no time."""
    return PBNASSampler(space, **{"predictor": Ridge(), "seed": 0} | options)


def objective(trial):
    """Say that the first operation decides, and that edges matter a little."""
    cell = SPACE.suggest(trial)
    for step in range(3):
        trial.report(step * len(cell.operations), step)
    return 10.0 * (trial.params["op_node_0"] == "conv") + float(np.sum(cell.adjacency))


@pytest.fixture(scope="module")
def study():
    study = optuna.create_study(direction="maximize", sampler=sampler())
    study.optimize(objective, n_trials=40)
    return study


@pytest.fixture(scope="module")
def front():
    def both(trial):
        cell = SPACE.suggest(trial)
        return float(np.sum(cell.adjacency)), cell.operations.count("conv")

    study = optuna.create_study(directions=["minimize", "maximize"], sampler=sampler())
    study.optimize(both, n_trials=20)
    return study


# ------------------------------------------------------------------------------------------- importance


@pytest.mark.slow
@pytest.mark.parametrize(
    ("evaluator", "options"),
    [
        (FanovaImportanceEvaluator, {"seed": 0}),
        (MeanDecreaseImpurityImportanceEvaluator, {"seed": 0}),
        (PedAnovaImportanceEvaluator, {}),
    ],
)
def test_importances_name_the_parameters_of_the_space(study, evaluator, options):
    importances = get_param_importances(study, evaluator=evaluator(**options))
    assert importances.keys() == SPACE.distributions().keys()
    assert np.isclose(sum(importances.values()), 1)
    if evaluator is not PedAnovaImportanceEvaluator:  # which looks at good trials only, and all are 'conv'
        assert next(iter(importances)) == "op_node_0"


# ---------------------------------------------------------------------------------------- visualisation

PLOTS = [
    "contour",
    "edf",
    "intermediate_values",
    "optimization_history",
    "parallel_coordinate",
    "param_importances",
    "rank",
    "slice",
    "timeline",
]


@pytest.fixture(params=["plotly", "matplotlib"])
def visualization(request):
    """Optuna's module of plots; drawn with matplotlib they are closed again."""
    pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    if request.param == "plotly":
        yield optuna.visualization
    else:
        from matplotlib import pyplot

        pyplot.switch_backend("agg")
        yield optuna.visualization.matplotlib
        pyplot.close("all")


@pytest.mark.parametrize("plot", PLOTS)
@pytest.mark.filterwarnings("ignore")
def test_plots_are_drawn(study, visualization, plot):
    options = {"params": ["edge_0", "op_node_0"]} if plot in ("contour", "rank") else {}
    assert getattr(visualization, f"plot_{plot}")(study, **options) is not None


@pytest.mark.filterwarnings("ignore")
def test_plots_of_several_objectives_are_drawn(front, visualization):
    assert visualization.plot_pareto_front(front) is not None
    assert visualization.plot_hypervolume_history(front, reference_point=[10.0, -1.0]) is not None


# ------------------------------------------------------------------------------------------ terminators


def test_a_terminator_ends_a_study_that_has_found_the_best():
    terminator = Terminator(
        improvement_evaluator=BestValueStagnationEvaluator(max_stagnation_trials=10),
        error_evaluator=StaticErrorEvaluator(0),
        min_n_trials=10,
    )
    study = optuna.create_study(direction="maximize", sampler=sampler())
    study.optimize(objective, n_trials=len(SPACE), callbacks=[TerminatorCallback(terminator)])
    assert 10 < len(study.trials) < len(SPACE)
    values = [objective(optuna.trial.FixedTrial(SPACE.row_to_params(row))) for row in SPACE.enumerate()]
    assert study.best_value == max(values)


@pytest.mark.parametrize("evaluator", [RegretBoundEvaluator, EMMREvaluator])
def test_terminators_that_fit_a_model_of_their_own_read_the_trials(study, evaluator):
    improvement = evaluator()
    assert np.isfinite(improvement.evaluate(study.trials, study.direction))
    assert np.isfinite(MedianErrorEvaluator(improvement).evaluate(study.trials, study.direction))


# ------------------------------------------------------------------------------------- cross-validation

DOMAINS = {
    "C": FloatDistribution(1e-6, 1e2, log=True),
    "fit_intercept": CategoricalDistribution([True, False]),
}


@pytest.fixture(scope="module")
def data():
    return make_classification(80, 6, shift=1.0, class_sep=1.5, random_state=0)


@pytest.mark.parametrize("space", [None, ParameterSpace(DOMAINS)], ids=["inferred", "given"])
def test_it_drives_a_search_in_the_style_of_scikit_learn(data, space):
    integration = pytest.importorskip("optuna_integration", reason="optuna-integration is not installed")
    study = optuna.create_study(direction="maximize", sampler=sampler(space))
    search = integration.OptunaSearchCV(LogisticRegression(), DOMAINS, cv=3, n_trials=16, study=study)
    search.fit(*data)
    assert search.study_ is study and len(study.trials) == 16
    assert set(search.best_params_) == set(DOMAINS)
    first = max(trial.value for trial in study.trials[:4])
    assert first <= search.best_score_
    assert search.predict(data[0]).shape == data[1].shape


def test_it_tunes_what_an_objective_cross_validates(data):
    """The terminator that knows the spread of the folds ends the study."""

    def validated(trial):
        model = LogisticRegression(
            C=trial.suggest_float("C", 1e-6, 1e2, log=True),
            fit_intercept=trial.suggest_categorical("fit_intercept", [True, False]),
        )
        accuracies = cross_val_score(model, *data, cv=3)
        report_cross_validation_scores(trial, list(accuracies))
        return accuracies.mean()

    study = optuna.create_study(direction="maximize", sampler=sampler(None))
    terminator = Terminator(BestValueStagnationEvaluator(max_stagnation_trials=5), min_n_trials=8)
    study.optimize(validated, n_trials=100, callbacks=[TerminatorCallback(terminator)])
    assert 8 <= len(study.trials) < 100
    assert study.best_value > 0.7
