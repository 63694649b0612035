"""Which space the sampler reads from the parameters of a study that gives it none."""

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from sklearn.linear_model import Ridge

from skpbnas import CellSpace, PBNASSampler
from skpbnas.sampler._recognition import recognise
from skpbnas.spaces import ParameterSpace

optuna.logging.set_verbosity(optuna.logging.WARNING)
CELLS = CellSpace(5, ["conv", "pool"]).distributions()


@pytest.mark.parametrize("n_vertices", [3, 4, 7, 10, 20])
@pytest.mark.parametrize(
    "edge", [CategoricalDistribution([0, 1]), CategoricalDistribution([False, True]), IntDistribution(0, 1)]
)
def test_graphs_of_any_size_are_recognised(n_vertices, edge):
    domains = {f"edge_{k}": edge for k in range(n_vertices * (n_vertices - 1) // 2)}
    domains |= {f"op_node_{i}": CategoricalDistribution(["a", "b", "c"]) for i in range(n_vertices - 2)}
    space = recognise(domains)
    assert isinstance(space, CellSpace)
    assert (space.max_vertices, tuple(space.operations)) == (n_vertices, ("a", "b", "c"))


@pytest.mark.parametrize(
    "changes",
    [
        {"edge_9": None},
        {"op_node_2": None},
        {"op_node_2": CategoricalDistribution(["conv", "skip"])},
        {"edge_3": CategoricalDistribution([0, 1, 2])},
        {"edge_3": IntDistribution(0, 2)},
        {"edge_10": CategoricalDistribution([0, 1])},
        {f"op_node_{i}": CategoricalDistribution(["input", "conv"]) for i in range(3)},
    ],
    ids=["no-edge", "no-operation", "other-choices", "third-choice", "range", "extra-edge", "reserved"],
)
def test_what_is_no_graph_is_a_parameter_space(changes):
    domains = {name: domain for name, domain in (CELLS | changes).items() if domain is not None}
    assert isinstance(recognise(domains), ParameterSpace)


def test_parameters_beside_a_graph_are_drawn_at_random_and_kept():
    def objective(trial):
        for name, domain in CELLS.items():
            trial.suggest_categorical(name, domain.choices)
        return trial.suggest_float("rate", 0, 1)

    study = optuna.create_study(sampler=PBNASSampler(predictor=Ridge(), seed=0))
    study.optimize(objective, n_trials=12)
    space = CellSpace(5, ["conv", "pool"])
    X = np.stack([space.params_to_row(trial.params) for trial in study.trials[1:]])
    assert space.is_valid(X).all() and len(set(space.canonical_key(X))) == 11
    assert len({trial.params["rate"] for trial in study.trials}) == 12


def every_kind(trial):
    """Suggest floats, integers, logarithms, steps, choices, and a parameter that depends on a choice."""
    x = trial.suggest_float("x", -2, 2, step=0.5)
    n = trial.suggest_int("n", 1, 64, log=True)
    rate = trial.suggest_float("rate", 1e-6, 1, log=True)
    even = trial.suggest_int("even", 0, 10, step=2)
    kind = trial.suggest_categorical("kind", ["a", None, 3])
    depth = trial.suggest_int("depth", 0, 3) if kind == "a" else 1
    return (x - 1) ** 2 + abs(np.log2(n) - 3) + abs(np.log10(rate) + 3) + abs(even - 4) + depth


@pytest.mark.slow
def test_parameters_of_every_kind_stay_in_their_domains_and_are_searched():
    study = optuna.create_study(sampler=PBNASSampler(seed=0))
    study.optimize(every_kind, n_trials=50)
    assert all(
        trial.distributions[name]._contains(trial.distributions[name].to_internal_repr(value))
        for trial in study.trials
        for name, value in trial.params.items()
    )
    early, late = ([trial.value for trial in part] for part in (study.trials[:15], study.trials[-15:]))
    assert np.median(late) < np.median(early)


def test_ranges_that_change_between_trials_are_drawn_at_random():
    ranges = iter([FloatDistribution(0, 1)] * 6 + [FloatDistribution(2, 3)] * 6)
    study = optuna.create_study(sampler=PBNASSampler(predictor=Ridge(), seed=0))
    for domain in ranges:
        trial = study.ask({"x": domain, "y": FloatDistribution(0, 1)})
        assert domain.low <= trial.params["x"] <= domain.high
        study.tell(trial, trial.params["x"])


@pytest.mark.filterwarnings("ignore:every architecture of the space has been tried")
def test_choices_that_change_between_trials_are_refused_and_the_study_goes_on():
    study = optuna.create_study(sampler=PBNASSampler(predictor=Ridge(), seed=0))
    study.optimize(lambda trial: len(trial.suggest_categorical("kind", ["a", "bb", "ccc"])), n_trials=6)
    with pytest.raises(ValueError, match="does not support dynamic value space"):
        study.optimize(lambda trial: len(trial.suggest_categorical("kind", ["a", "dddd"])), n_trials=1)
    study.optimize(lambda trial: len(trial.suggest_categorical("kind", ["a", "bb", "ccc"])), n_trials=3)
    states = [trial.state for trial in study.trials]
    assert states.count(optuna.trial.TrialState.FAIL) == 1 and len(states) == 10
