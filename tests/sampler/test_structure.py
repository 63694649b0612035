"""What the sampler finds out about parameters that some trials lack."""

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import PartialFixedSampler, RandomSampler
from optuna.trial import TrialState, create_trial
from sklearn.linear_model import Ridge

from skpbnas import PBNASSampler
from skpbnas.sampler import recommend_architecture
from skpbnas.sampler._structure import StructureReader
from skpbnas.spaces import ParameterSpace

optuna.logging.set_verbosity(optuna.logging.WARNING)


def tree(trial):
    """Layers with widths of their own, and optimizers with parameters of their own."""
    depth = trial.suggest_int("depth", 1, 4)
    widths = [trial.suggest_int(f"width_{k}", 8, 64) for k in range(depth)]
    value = sum(abs(width - 32) for width in widths) / 56 - depth
    kind = trial.suggest_categorical("kind", ["sgd", "adam", "plain"])
    if kind == "sgd":
        value += (trial.suggest_float("momentum", 0, 1) - 0.9) ** 2
        if trial.suggest_categorical("nesterov", [False, True]) and depth > 1:
            value += trial.suggest_float("both", 0, 1)
    elif kind == "adam":
        value += trial.suggest_float("beta", 0, 1)
    return value


def structure(objective, n_trials, seed=0):
    study = optuna.create_study(sampler=RandomSampler(seed=seed))
    study.optimize(objective, n_trials=n_trials)
    return StructureReader(TrialState.COMPLETE).read(study.trials)


def test_a_tree_is_found():
    found = structure(tree, 60)
    assert list(found.always) == ["depth", "width_0", "kind"]
    assert found.when == {
        "width_1": {"depth": [2, 3, 4]},
        "width_2": {"depth": [3, 4]},
        "width_3": {"depth": [4]},
        "momentum": {"kind": ["sgd"]},
        "nesterov": {"kind": ["sgd"]},
        "beta": {"kind": ["adam"]},
        "both": {"depth": [2, 3, 4], "nesterov": [True]},
    }


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 40))
def test_what_is_found_is_true_of_all_trials(seed, n_trials):
    study = optuna.create_study(sampler=RandomSampler(seed=seed))
    study.optimize(tree, n_trials=n_trials)
    found = StructureReader(TrialState.COMPLETE).read(study.trials)
    space = ParameterSpace(*found)
    for trial in study.trials:
        known = {name: value for name, value in trial.params.items() if name in found.domains}
        assert not space.missing_parameters(known)
        assert space.decode(space.params_to_row(known)[None])[0].keys() == known.keys()


def test_a_number_that_no_trial_had_is_like_the_nearest():
    domains = {"n": IntDistribution(1, 8), "x": FloatDistribution(0, 1)}
    trials = [{"n": 1}, {"n": 2}, {"n": 6, "x": 0.5}, {"n": 7, "x": 0.1}]
    study = optuna.create_study()
    for params in trials:
        own = {name: domains[name] for name in params}
        study.add_trial(create_trial(params=params, distributions=own, value=0.0))
    assert StructureReader(TrialState.COMPLETE).read(study.trials).when == {"x": {"n": [5, 6, 7, 8]}}


def test_what_nothing_explains_is_left_out_and_drawn():
    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        return trial.suggest_float("y", 0, 1) if trial.number % 3 else x

    found = structure(objective, 20)
    assert list(found.domains) == ["x"] and not found.when
    study = optuna.create_study(sampler=PBNASSampler(predictor=Ridge(), seed=0))
    study.optimize(objective, n_trials=12)
    assert len({trial.params.get("y") for trial in study.trials}) == 9


def test_nothing_known_is_drawn_at_random():
    asked = []

    class Watched(PBNASSampler):
        def sample_independent(self, study, trial, name, domain):
            asked.append((trial.number, name))
            return super().sample_independent(study, trial, name, domain)

    study = optuna.create_study(sampler=Watched(seed=0))
    study.optimize(tree, n_trials=40)
    late = [name for number, name in asked if number >= 20]
    assert len(late) <= 2 and all(len(t.params) >= 3 for t in study.trials)
    best = study.best_trial.params
    assert best["depth"] == 4 and study.best_value < -3


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_fixed_parameters_bring_what_depends_on_them():
    study = optuna.create_study(sampler=PBNASSampler(predictor=Ridge(), seed=0))
    study.optimize(tree, n_trials=15)
    study.enqueue_trial({"kind": "adam", "depth": 4})
    study.optimize(tree, n_trials=1)
    assert study.trials[-1].params.keys() == {"depth", "kind", "beta", *(f"width_{k}" for k in range(4))}
    study.sampler = PartialFixedSampler({"kind": "sgd"}, study.sampler)
    study.optimize(tree, n_trials=3)
    assert all(trial.params["kind"] == "sgd" and "momentum" in trial.params for trial in study.trials[-3:])


def test_workers_and_later_sessions_see_the_same_tree(tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    study = optuna.create_study(storage=url, sampler=PBNASSampler(predictor=Ridge(), seed=0))
    study.optimize(tree, n_trials=8)
    running = [study.ask() for _ in range(3)]  # not told yet
    other = optuna.load_study(
        study_name=study.study_name, storage=url, sampler=PBNASSampler(predictor=Ridge(), seed=0)
    )
    other.optimize(tree, n_trials=6)
    for trial in running:
        study.tell(trial, tree(trial))
    space = ParameterSpace(*StructureReader(TrialState.COMPLETE).read(study.trials))
    keys = [int(space.canonical_key(space.params_to_row(trial.params)[None])[0]) for trial in study.trials]
    assert len(set(keys)) == len(keys) == 17
    assert recommend_architecture(study).architecture["depth"] in range(1, 5)


def test_a_declared_space_refuses_what_lacks_a_parameter_that_is_there():
    domains = {"kind": CategoricalDistribution("ab"), "x": FloatDistribution(0, 1)}
    space = ParameterSpace(domains, when={"x": {"kind": "a"}})
    study = optuna.create_study(sampler=PBNASSampler(space, seed=0))
    study.optimize(lambda trial: len(space.suggest(trial)), n_trials=6)
    assert {len(trial.params) for trial in study.trials} == {1, 2}
    with pytest.raises(ValueError, match=r"has not suggested \['x'\]"):
        study.optimize(lambda trial: len(trial.suggest_categorical("kind", "ab")), n_trials=20)
