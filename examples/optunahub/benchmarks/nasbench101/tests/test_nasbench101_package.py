"""NASBench-101 as OptunaHub loads it, over a table of a part of its cells."""

from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.study import StudyDirection

from skpbnas import Cell, NASBench101Space
from skpbnas.datasets import TabularBenchmark

optunahub = pytest.importorskip("optunahub")
REGISTRY = Path(__file__).parents[3]
SPACE = NASBench101Space()
OPERATION = "conv3x3-bn-relu"
CHAIN = Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", OPERATION, "output"])
SHORTCUT = Cell([[0, 1], [0, 0]], ["input", "output"])
METRICS = ("mean_validation_accuracy", "trainable_parameters")


@pytest.fixture
def problem_class():
    return optunahub.load_local_module("benchmarks/nasbench101", registry_root=str(REGISTRY)).Problem


@pytest.fixture
def table():
    columns = dict(zip(METRICS, ([0.9, 0.8], [1000, 10]), strict=True))
    return TabularBenchmark(SPACE, SPACE.encode([CHAIN, SHORTCUT]), columns)


def params(cell: Cell) -> dict:
    return SPACE.row_to_params(SPACE.encode([cell])[0])


def test_objectives_have_their_directions(problem_class, table):
    problem = problem_class(table, METRICS)
    assert problem.directions == [StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE]
    assert problem.evaluate(params(CHAIN)) == [0.9, 1000]


def test_a_dangling_vertex_changes_nothing(problem_class, table):
    dangling = params(SHORTCUT) | {"edge_0": 1}
    assert problem_class(table).evaluate(dangling) == 0.8


def test_an_invalid_graph_is_the_worst_and_violates_the_constraint(problem_class, table):
    problem = problem_class(table, METRICS)
    nothing = {name: domain.choices[0] for name, domain in problem.search_space.items()}
    assert problem.evaluate(nothing) == [0.0, np.inf]
    assert problem.evaluate_constraints(nothing) == {"valid_cell": 1.0}
    assert problem.evaluate_constraints(params(CHAIN)) == {"valid_cell": 0.0}


def test_a_study_optimizes_it(problem_class, table):
    study = optuna.create_study(directions=problem_class(table).directions)
    study.enqueue_trial(params(SHORTCUT))
    study.enqueue_trial(params(CHAIN))
    study.optimize(problem_class(table), n_trials=2)
    assert study.best_trial.number == 1


def test_an_unknown_metric_is_refused(problem_class, table):
    with pytest.raises(ValueError, match="metric_names=.'loss'.*trainable_parameters"):
        problem_class(table, ["loss"])
