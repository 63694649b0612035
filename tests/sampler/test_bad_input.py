"""What does not fit is told, and leaves the study as it was."""

import json
import warnings

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution
from optuna.trial import TrialState
from sklearn.linear_model import Ridge
from studies import DOMAINS, SPACE, keys, objective, pbnas, run

from skpbnas import PBNASSampler
from skpbnas.sampler._ledger import Ledger
from skpbnas.sampler._notes import NoteReader

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"space": "cells"}, "space='cells' is not allowed"),
        ({"batch_size": 0}, "batch_size=0 is not allowed"),
        ({"n_startup_trials": -1}, "n_startup_trials=-1 is not allowed"),
        ({"predictor": "gcn"}, "predictor='gcn' is not allowed"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        PBNASSampler(**options)


def test_a_study_with_other_names_is_told_so():
    study = optuna.create_study(sampler=pbnas())
    with pytest.raises(ValueError, match="has not suggested .*edge_0.*suggest"):
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=5)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE]


def test_a_study_with_other_choices_is_told_so():
    study = optuna.create_study(sampler=pbnas())
    study.add_trial(
        optuna.create_trial(
            params={"op_node_0": "skip"},
            distributions={"op_node_0": CategoricalDistribution(["skip", "conv"])},
            value=0.0,
        )
    )
    with pytest.raises(ValueError, match="trial 0 has op_node_0 .* suggest the parameters by"):
        study.optimize(objective, n_trials=5)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE, TrialState.FAIL]


def test_values_that_the_space_does_not_have_are_not_learned_from():
    study = optuna.create_study(sampler=PBNASSampler(predictor=Ridge(), seed=0))
    study.enqueue_trial({"x": 30.0})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=10)
    assert all(0 <= trial.params["x"] <= 1 for trial in study.trials[1:])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.sampled_from(["number", "params", "edge_0"]), x),
    max_leaves=5,
)


@pytest.mark.slow
@given(
    st.dictionaries(
        st.sampled_from(["pbnas:params:0", "pbnas:batch:0", "pbnas:batch:1", "fixed_params"]),
        JSON | JSON.map(json.dumps) | st.just({"number": 1, "params": [None]}).map(json.dumps),
        min_size=1,
    ),
    st.sampled_from([TrialState.COMPLETE, TrialState.RUNNING, TrialState.FAIL]),
)
@settings(max_examples=200)
def test_whatever_stands_in_a_trial_is_read_with_at_most_one_warning(attributes, state):
    value = 1.0 if state == TrialState.COMPLETE else None
    trial = optuna.create_trial(state=state, value=value, system_attrs=attributes)
    ledger = Ledger(SPACE, strict=True, notes=NoteReader())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ledger.refresh([trial, trial])
        assert all(params.keys() == DOMAINS.keys() for params in ledger.latest_batch())
    assert len(caught) <= 1
    assert len(ledger.records) == 2


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("params", json.dumps(dict.fromkeys(DOMAINS, "x"))),
        ("params", json.dumps(dict.fromkeys(DOMAINS, float("nan")))),
        ("params", 1.5),
        ("params", "[" * 10_000),
        ("batch", '{"number": 2, "params": [3]}'),
        ("batch", "not JSON"),
    ],
)
def test_a_malformed_note_is_told_by_its_trial(name, note):
    study = run(2)
    study.add_trial(optuna.create_trial(state=TrialState.RUNNING, system_attrs={f"pbnas:{name}:0": note}))
    with pytest.warns(UserWarning, match="trial 2 has a note that PBNASSampler did not write") as caught:
        study.optimize(objective, n_trials=3)
    assert len(caught) == 1


def test_a_storage_that_goes_away_leaves_nothing_behind_in_the_sampler():
    class Storage(optuna.storages.InMemoryStorage):
        is_away = False

        def set_trial_system_attr(self, *arguments):
            if self.is_away:
                raise ConnectionError("the storage is away")
            super().set_trial_system_attr(*arguments)

    storage = Storage()
    study = run(6, storage=storage)
    storage.is_away = True
    with pytest.raises(ConnectionError, match="away"):
        study.optimize(objective, n_trials=1)
    storage.is_away = False
    study.optimize(objective, n_trials=6)
    complete = study.get_trials(states=[TrialState.COMPLETE])
    assert len(complete) == len(set(keys(complete))) == 12
