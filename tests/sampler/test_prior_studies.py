"""Earlier studies: which of their trials count in another space, and that they help."""

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from skpbnas import CellSpace, ParameterSpace, PBNASSampler
from skpbnas.sampler._prior import EarlierStudy

RATE, WIDTH = FloatDistribution(0, 1), IntDistribution(1, 64)
SPACE = ParameterSpace({"rate": RATE, "width": WIDTH, "kind": CategoricalDistribution(["a", "b"])})


def study_of(distributions, lines, direction="maximize") -> optuna.Study:
    study = optuna.create_study(direction=direction)
    for *values, score in lines:
        params = dict(zip(distributions, values, strict=True))
        study.add_trial(optuna.create_trial(params=params, distributions=distributions, value=score))
    return study


def test_parameters_are_matched_by_name_and_what_does_not_fit_is_left_out():
    wider = {"rate": RATE, "width": IntDistribution(1, 128), "depth": IntDistribution(1, 3)}
    earlier = EarlierStudy(study_of(wider, [(0.5, 8, 2, 1.0), (0.5, 100, 2, 9.0), (1.0, 1, 3, 3.0)]), "it")
    rows, scores = earlier.task(SPACE)
    assert SPACE.decode(rows) == [
        {"rate": 0.5, "width": 8, "kind": "a"},
        {"rate": 1.0, "width": 1, "kind": "a"},
    ]
    np.testing.assert_array_equal(scores, [1.0, 3.0])


def test_higher_is_better_whatever_an_earlier_study_did():
    earlier = EarlierStudy(study_of({"rate": RATE}, [(0.1, 5.0), (0.9, 2.0)], "minimize"), "it")
    assert np.argmax(earlier.task(SPACE)[1]) == 1


def test_a_study_of_something_else_is_refused_before_a_trial():
    other = study_of({"depth": WIDTH}, [(3, 1.0)])
    with pytest.raises(ValueError, match=r"prior_studies\[0\] has 1 finished trials, none of them"):
        PBNASSampler(SPACE, prior_studies=[other])
    several = optuna.create_study(directions=["minimize"] * 2)
    with pytest.raises(ValueError, match=r"prior_studies\[1\] has 2 objectives"):
        PBNASSampler(SPACE, prior_studies=[study_of({"rate": RATE}, [(0.1, 1.0)]), several])
    with pytest.raises(TypeError, match="give a list of studies"):
        PBNASSampler(SPACE, prior_studies=other)


def test_the_control_that_takes_rows_at_random_refuses_what_it_would_not_use():
    earlier = study_of({"rate": RATE}, [(0.1, 1.0)])
    with pytest.raises(ValueError, match="no use for features= and prior_studies=; leave out"):
        PBNASSampler(SPACE, "random", features={"one": len}, prior_studies=[earlier])


@pytest.mark.slow
def test_an_earlier_study_saves_trials():
    space = CellSpace(5, ["conv", "pool"])

    def objective(trial):
        cell = space.suggest(trial)
        return cell.operations.count("conv") - 0.3 * cell.adjacency.sum()

    def study(**options):
        created = optuna.create_study(
            direction="maximize", sampler=PBNASSampler(space, n_startup_trials=1, seed=0, **options)
        )
        created.optimize(objective, n_trials=9)
        return created

    cold = study()
    assert study(prior_studies=[cold]).best_value >= cold.best_value
    again = study(prior_studies=[study_of_cells(space)])
    assert again.trials[0].value >= max(trial.value for trial in cold.trials)


def study_of_cells(space) -> optuna.Study:
    study = optuna.create_study(direction="maximize")
    for row in space.enumerate()[::15]:
        cell = space.decode(row[None])[0]
        score = 100 * (cell.operations.count("conv") - 0.3 * cell.adjacency.sum())
        distributions = space.distributions()
        trial = optuna.create_trial(params=space.row_to_params(row), distributions=distributions, value=score)
        study.add_trial(trial)
    return study


def test_features_are_seen_in_a_study():
    space = ParameterSpace({f"x{k}": RATE for k in range(3)})
    parity = {"parity": lambda rows: np.floor(rows[:, 0] * 1000) % 2}

    def objective(trial):
        values = space.suggest(trial)
        return np.floor(values["x0"] * 1000) % 2 + values["x1"]

    study = optuna.create_study(direction="maximize", sampler=PBNASSampler(space, seed=0, features=parity))
    study.optimize(objective, n_trials=20)
    assert np.mean([trial.value for trial in study.trials[8:]]) > 0.8
