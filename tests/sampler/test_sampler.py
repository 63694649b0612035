"""What the sampler proposes, and what it learns from."""

import os
import pickle
import subprocess
import sys

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState
from sklearn.linear_model import Ridge
from studies import DOMAINS, SPACE, constrain, keys, objective, pbnas, raw_objective, run

from skpbnas import CellSpace, PBNASSampler
from skpbnas.candidates import SpaceExhaustedWarning

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


# ------------------------------------------------------------------------------------------- proposals


@pytest.mark.slow
def test_every_trial_is_another_valid_cell():
    study = run(30)
    assert len(set(keys(study.trials))) == 30


@pytest.mark.slow
@pytest.mark.parametrize("space", [SPACE, None])
@pytest.mark.parametrize("predictor", [None, Ridge()])
def test_no_trial_has_to_be_drawn_at_random(space, predictor):
    study = run(9, pbnas(space, predictor=predictor, n_startup_trials=0), objective)
    assert len(set(keys(study.trials[1:]))) == 8
    two = optuna.create_study(directions=["maximize"] * 2, sampler=pbnas(space, n_startup_trials=0))
    two.optimize(lambda trial: (objective(trial), trial.number), n_trials=6)
    assert len(two.trials) == 6


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_it_finds_better_cells_than_random_search(direction):
    sign = 1 if direction == "maximize" else -1
    found = run(40, direction=direction).best_value
    control = run(40, pbnas(predictor="random", n_startup_trials=40), direction=direction).best_value
    assert sign * found >= sign * control
    values = sorted(objective(optuna.trial.FixedTrial(SPACE.row_to_params(row))) for row in SPACE.enumerate())
    assert found == (values[-1] if sign > 0 else values[0])


@pytest.mark.slow
def test_graph_parameters_are_recognised_by_their_names():
    study = run(30, pbnas(space=None), raw_objective)
    assert len(set(keys(study.trials[1:]))) == 29  # of the first trial nothing is known


@pytest.mark.slow
def test_cells_as_large_as_those_refused_are_left_alone():
    def limited(trial):
        value = raw_objective(trial)
        n_edges = SPACE.params_to_row(trial.params)[:25].sum()
        constrain(trial, float(n_edges) - 5)
        return value

    study = run(60, pbnas(space=None), limited)
    n_edges = [SPACE.params_to_row(trial.params)[:25].sum() for trial in study.trials]
    assert max(n_edges[-20:]) == 5


def test_a_batch_comes_from_one_fit():
    fits = []

    class Counting(Ridge):
        def fit(self, X, y):
            fits.append(len(y))
            return super().fit(X, y)

    run(17, pbnas(predictor=Counting(), batch_size=5, n_startup_trials=7))
    assert fits == [7, 12]


def test_workers_take_the_rest_of_a_batch():
    study = run(4)
    other = optuna.load_study(study_name=study.study_name, storage=study._storage, sampler=pbnas(seed=1))
    first = study.ask(DOMAINS)
    rest = [other.ask(DOMAINS) for _ in range(3)]
    assert "pbnas:batch:0" in study.trials[first.number].system_attrs
    assert not any("pbnas:batch:0" in study.trials[trial.number].system_attrs for trial in rest)
    assert len(set(keys(study.trials))) == 8


def test_two_workers_never_keep_the_same_cell(monkeypatch):
    """Both choose before either can see the other's choice."""
    study = run(8)
    from skpbnas.sampler import _sampler

    write, racing = _sampler.write_note, []

    def write_both(storage, trial_id, name, note):
        write(storage, trial_id, name, note)
        if name == "params" and not racing:
            racing.append(note)
            rival = study.ask()
            write(storage, rival._trial_id, name, note)

    monkeypatch.setattr(_sampler, "write_note", write_both)
    trial = study.ask(DOMAINS)
    chosen = SPACE.canonical_key(SPACE.params_to_row(trial.params)[None])[0]
    rival = {name: DOMAINS[name].to_external_repr(value) for name, value in racing[0].items()}
    assert chosen != SPACE.canonical_key(SPACE.params_to_row(rival)[None])[0]


@pytest.mark.slow
def test_threads_share_a_sampler():
    study = optuna.create_study(direction="maximize", sampler=pbnas())
    study.optimize(objective, n_trials=40, n_jobs=4)
    assert len(set(keys(study.trials))) == 40


def test_an_exhausted_space_is_told_and_repeats():
    space = CellSpace(3, ["conv"])
    study = optuna.create_study(sampler=pbnas(space, batch_size=10))
    with pytest.warns(SpaceExhaustedWarning, match="every architecture"):
        study.optimize(lambda trial: len(space.suggest(trial).operations), n_trials=len(space) + 2)
    first = [space.params_to_row(trial.params) for trial in study.trials[: len(space)]]
    assert len(set(space.canonical_key(np.stack(first)))) == len(space)
    assert all(trial.state == TrialState.COMPLETE for trial in study.trials)


# --------------------------------------------------------------------------------------- reproducibility


@pytest.mark.slow
def test_the_same_seed_gives_the_same_trials():
    again = pickle.loads(pickle.dumps(pbnas()))
    expected = [trial.params for trial in run().trials]
    assert [trial.params for trial in run(sampler=again).trials] == expected
    assert [trial.params for trial in run(sampler=pbnas(seed=1)).trials] != expected


@pytest.mark.slow
def test_a_study_does_not_depend_on_the_process_that_continues_it(tmp_path):
    code = (
        "import sys, optuna; from studies import *; "
        "study = optuna.create_study(storage=sys.argv[1], study_name='s', direction='maximize', "
        "sampler=pbnas(), load_if_exists=True); study.optimize(objective, n_trials=int(sys.argv[2])); "
        "print(*keys(study.trials))"
    )

    def process(storage, n_trials, hash_seed):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [sys.executable, "-c", code, f"sqlite:///{tmp_path}/{storage}", str(n_trials)],
            cwd=os.path.dirname(__file__),
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    whole = process("whole.db", 14, "1")
    process("parts.db", 6, "2")
    assert process("parts.db", 8, "3") == whole
    assert [int(key) for key in whole.split()] == keys(run(14).trials)


@pytest.mark.slow
def test_copied_studies_and_added_trials_are_learned_from():
    study = run(12)
    expected = keys([optuna.load_study(study_name=study.study_name, storage=study._storage).trials[-1]])
    storage = optuna.storages.InMemoryStorage()
    optuna.copy_study(from_study_name=study.study_name, from_storage=study._storage, to_storage=storage)
    copied = optuna.load_study(study_name=study.study_name, storage=storage, sampler=pbnas())
    added = optuna.create_study(direction="maximize", sampler=pbnas())
    added.add_trials(study.trials)
    for other in (study, copied, added):
        other.optimize(objective, n_trials=4)
        assert len(set(keys(other.trials))) == 16
    assert (
        [t.params for t in copied.trials]
        == [t.params for t in study.trials]
        == [t.params for t in added.trials]
    )
    assert expected == [keys(copied.trials)[11]]


# --------------------------------------------------------------------------- objectives and constraints


@pytest.mark.slow
def test_several_objectives_approach_the_front():
    def both(trial):
        cell = SPACE.suggest(trial)
        return float(np.sum(cell.adjacency)), cell.operations.count("conv")

    study = optuna.create_study(directions=["minimize", "maximize"], sampler=pbnas())
    study.optimize(both, n_trials=40)
    assert len(set(keys(study.trials))) == 40
    # A chain of as many 'conv' vertices has the fewest edges.
    assert {tuple(trial.values) for trial in study.best_trials} == {(k + 1, k) for k in range(4)}


@pytest.mark.slow
def test_constraints_steer_several_objectives():
    def constrained(trial):
        cell = SPACE.suggest(trial)
        constrain(trial, cell.operations.count("conv") - 1.5)
        return float(np.sum(cell.adjacency)), cell.operations.count("conv")

    study = optuna.create_study(directions=["minimize", "maximize"], sampler=pbnas())
    study.optimize(constrained, n_trials=40)
    late = [trial.values[1] for trial in study.trials[-20:]]
    assert sum(count <= 1 for count in late) > 15  # of all cells, half


@pytest.mark.slow
def test_infeasible_trials_are_worse_than_all_others():
    def constrained(trial):
        value = objective(trial)
        constrain(trial, trial.params["op_node_0"].count("conv") - 0.5)
        return value

    study = run(60, target=constrained)
    late = [trial.params["op_node_0"] for trial in study.trials[-30:]]
    assert late.count("pool") > 20


@pytest.mark.skipif(not hasattr(optuna.Trial, "set_constraint"), reason="needs Optuna 5")
def test_a_graph_of_the_user_s_own_is_reported_as_infeasible():
    study = run(40, optuna.samplers.RandomSampler(seed=0))
    pruned = study.get_trials(states=[TrialState.PRUNED])
    assert pruned
    assert all(trial.constraints == {"architecture": 1.0} for trial in pruned)


@pytest.mark.slow
def test_any_parameters_will_do():
    def plain(trial):
        x = trial.suggest_float("x", -5, 5)
        rate = trial.suggest_float("rate", 1e-6, 1, log=True)
        kind = trial.suggest_categorical("kind", ["a", None, 3])
        extra = trial.suggest_int("extra", 0, 3) if kind == "a" else 0
        return (x - 2) ** 2 + (np.log10(rate) + 3) ** 2 + (kind is not None) + extra

    study = optuna.create_study(sampler=PBNASSampler(seed=0))
    study.optimize(plain, n_trials=50)
    assert study.best_value < 0.5
    assert study.best_params["kind"] is None


def test_a_study_of_parameters_begins_in_the_middle_and_fits_for_each_trial():
    def numbers(trial):
        trial.suggest_categorical("kind", ["a", "b"])
        x = trial.suggest_float("x", 1e-4, 1, log=True)
        return -((np.log10(x) + 1) ** 2) - (trial.suggest_int("n", 1, 9) - 3) ** 2

    study = run(12, PBNASSampler(seed=0), numbers)
    assert study.trials[0].params["x"] == pytest.approx(0.01) and study.trials[0].params["n"] == 5
    assert not any(name.startswith("pbnas:batch") for t in study.trials for name in t.system_attrs)
    control = run(1, PBNASSampler(predictor="random", seed=0), numbers)
    assert control.trials[0].params["x"] != pytest.approx(0.01)
