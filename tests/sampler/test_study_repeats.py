"""Noisy studies: repeats by choice, and a recommendation on the study's own scale."""

import numpy as np
import optuna
import pytest

from skpbnas import CellSpace, PBNASSampler
from skpbnas.sampler import enqueue_repeats, recommend_architecture

SPACE = CellSpace(5, ["conv", "pool"])


def benefit(cell) -> float:
    return float(cell.operations.count("conv") + 0.1 * cell.adjacency.sum())


def study_of(direction="maximize", noise=1.0, n_trials=16, seed=0):
    sign = 1 if direction == "maximize" else -1

    def objective(trial):
        cell = SPACE.suggest(trial)
        key = int(SPACE.canonical_key(SPACE.encode([cell]))[0])
        rng = np.random.default_rng([key, trial.user_attrs.get("repeat", 0)])
        return sign * (benefit(cell) + noise * rng.normal())

    study = optuna.create_study(direction=direction, sampler=PBNASSampler(SPACE, "random", seed=seed))
    study.optimize(objective, n_trials=n_trials)
    return study, objective


def keys(study) -> list[int]:
    rows = [SPACE.params_to_row(trial.params) for trial in study.trials]
    return SPACE.canonical_key(np.array(rows)).tolist()


@pytest.mark.parametrize("space", [SPACE, None])
def test_repeats_are_trials_of_the_best_architectures_with_numbers_of_their_own(space):
    study, objective = study_of()
    assert enqueue_repeats(study, 6, space) == 6
    study.optimize(objective, n_trials=6)
    seen: dict[int, list[int]] = {}
    for key, trial in zip(keys(study), study.trials, strict=True):
        seen.setdefault(key, []).append(trial.user_attrs.get("repeat", 0))
    assert len(keys(study)) == 22 and len(seen) == 16
    assert all(numbers == list(range(len(numbers))) for numbers in seen.values())
    assert recommend_architecture(study, space).n_evaluations > 1


def test_two_workers_do_not_queue_the_same_repeat_of_the_same_architecture():
    study, _ = study_of()
    enqueue_repeats(study, 3, SPACE)
    enqueue_repeats(study, 3, SPACE)
    waiting = study.get_trials(states=(optuna.trial.TrialState.WAITING,))
    rows = [SPACE.params_to_row(trial.system_attrs["fixed_params"]) for trial in waiting]
    named = zip(SPACE.canonical_key(np.array(rows)).tolist(), waiting, strict=True)
    assert len({(key, trial.user_attrs["repeat"]) for key, trial in named}) == 6


@pytest.mark.slow
def test_a_study_that_minimises_gets_the_same_with_the_other_sign():
    found = []
    for direction in ("maximize", "minimize"):
        study, objective = study_of(direction)
        enqueue_repeats(study, 6, SPACE)
        study.optimize(objective, n_trials=6)
        found.append(recommend_architecture(study, SPACE))
    assert found[0].architecture == found[1].architecture
    assert found[0].score == pytest.approx(-found[1].score)
    assert found[1].interval[0] < found[1].score < found[1].interval[1]


def test_a_study_without_noise_is_not_repeated_twice():
    study, objective = study_of(noise=0.0)
    assert enqueue_repeats(study, 4, SPACE) == 4
    study.optimize(objective, n_trials=4)
    assert enqueue_repeats(study, 4, SPACE) == 0
    assert recommend_architecture(study, SPACE).score == study.best_value


def test_what_cannot_be_repeated_is_said():
    with pytest.raises(ValueError, match="no complete trial"):
        enqueue_repeats(optuna.create_study(), 3)
    with pytest.raises(ValueError, match="has 2 objectives"):
        recommend_architecture(optuna.create_study(directions=["maximize", "minimize"]), SPACE)
