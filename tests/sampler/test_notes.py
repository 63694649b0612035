"""What the sampler leaves in a storage: JSON in short pieces, which any worker can read again."""

import json

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from sklearn.linear_model import Ridge

from skpbnas import NASBench101Space, PBNASSampler
from skpbnas.sampler._notes import from_note, read_note, to_note, write_note

LONGEST = 2045  # of a value that Optuna's own samplers write
DOMAINS = {
    "rate": FloatDistribution(1e-5, 1, log=True),
    "width": FloatDistribution(0, 1, step=0.25),
    "layers": IntDistribution(1, 8),
    "kind": CategoricalDistribution(["a", None, 3]),
}


def new_trial() -> optuna.Trial:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study().ask()


@given(
    st.recursive(st.text() | st.integers() | st.none(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))
)
def test_a_note_is_read_as_it_was_written(note):
    trial = new_trial()
    write_note(trial.storage, trial._trial_id, "n", note)
    assert read_note(trial.storage.get_trial(trial._trial_id).system_attrs, "n") == note


def test_a_shorter_note_replaces_a_longer_one():
    trial = new_trial()
    for note in (list(range(3000)), [1, 2]):
        write_note(trial.storage, trial._trial_id, "n", note)
        attributes = trial.storage.get_trial(trial._trial_id).system_attrs
        assert read_note(attributes, "n") == note
        assert max(map(len, attributes.values())) <= LONGEST


def test_a_note_half_written_is_none():
    trial = new_trial()
    write_note(trial.storage, trial._trial_id, "n", list(range(3000)))
    attributes = dict(trial.storage.get_trial(trial._trial_id).system_attrs)
    del attributes["pbnas:n:1"]
    assert read_note(attributes, "n") is None
    assert read_note({}, "n") is None


@pytest.mark.parametrize("kind", ["a", None, 3])
def test_parameters_of_every_type_come_back(kind):
    params = {"rate": 0.01, "width": 0.75, "layers": 3, "kind": kind}
    assert from_note(json.loads(json.dumps(to_note(params, DOMAINS))), DOMAINS) == params


@pytest.mark.parametrize("change", [{"layers": 9}, {"width": 0.3}, {"kind": 3}, {"rate": 0.0}])
def test_a_note_of_another_search_space_is_not_used(change):
    note = to_note({"rate": 0.01, "width": 0.75, "layers": 3, "kind": "a"}, DOMAINS)
    assert from_note(note | change, DOMAINS) == {}


def test_a_large_batch_is_written_in_pieces_and_served_by_another_process_s_sampler():
    space = NASBench101Space()
    options = {"predictor": Ridge(), "batch_size": 12, "seed": 0}
    study = optuna.create_study(sampler=PBNASSampler(space, **options))
    study.optimize(lambda trial: len(space.suggest(trial).operations), n_trials=4)
    first = study.ask(space.distributions())
    attributes = study.trials[first.number].system_attrs
    assert {"pbnas:batch:0", "pbnas:batch:1", "pbnas:params:0"} <= attributes.keys()
    assert all(isinstance(value, str) and len(value) <= LONGEST for value in attributes.values())

    batch = read_note(attributes, "batch")["params"]
    other = optuna.load_study(study_name=None, storage=study._storage, sampler=PBNASSampler(space, **options))
    rest = [other.ask(space.distributions()) for _ in range(11)]
    domains = space.distributions()
    assert [to_note(trial.params, domains) for trial in [first, *rest]] == batch
