"""Costs that the sampler knows and the objective does not return."""

import numpy as np
import optuna
import pytest
from studies import SPACE, objective, pbnas, run

from skpbnas.metrics import non_dominated_rank
from skpbnas.sampler._scores import scores


def n_edges(rows):
    return rows[:, : SPACE.n_nodes**2].sum(axis=1)


COSTS = {"edges": n_edges}


def prune_small(trial):
    """Report a value at once; a small cell is ended there."""
    value = objective(trial)
    trial.report(0.5 * value, 0)
    if value < 6:
        raise optuna.TrialPruned
    return value


def test_costs_are_attributes_of_the_trials_and_on_the_front():
    sampler = pbnas(costs=COSTS)
    study = run(16, sampler)
    rows = np.stack([SPACE.params_to_row(trial.params) for trial in study.trials])
    np.testing.assert_array_equal([trial.user_attrs["edges"] for trial in study.trials], n_edges(rows))
    points = np.array([[trial.value, -trial.user_attrs["edges"]] for trial in study.trials])
    front = [trial.number for trial in sampler.pareto_front(study)]
    assert front == np.flatnonzero(non_dominated_rank(points) == 0).tolist()
    assert sampler.pareto_front(optuna.create_study()) == []


def test_the_first_trials_are_spread_over_the_costs():
    study = run(8, pbnas(costs=COSTS))
    everything = n_edges(SPACE.enumerate())
    edges = [trial.user_attrs["edges"] for trial in study.trials]
    assert {everything.min(), everything.max()} <= set(edges)


def test_workers_agree_on_what_is_spread():
    first, second = run(12, pbnas(costs=COSTS)), optuna.create_study(direction="maximize")
    for _ in range(12):  # a sampler that has seen nothing yet, each time
        second.sampler = pbnas(costs=COSTS)
        second.optimize(objective, n_trials=1)
    assert [trial.params for trial in first.trials] == [trial.params for trial in second.trials]


def test_a_pruned_trial_counts_with_its_last_value_beside_costs_and_below_all_without():
    study = run(16, pbnas(costs=COSTS), prune_small)
    pruned = np.array([trial.state == optuna.trial.TrialState.PRUNED for trial in study.trials])
    assert pruned.any() and not pruned.all()
    last = [trial.intermediate_values[0] for trial in study.trials]
    y = scores(study.trials, study.directions, front=True)
    np.testing.assert_array_equal(y[pruned], np.array(last)[pruned])
    alone = scores(study.trials, study.directions)
    assert alone[pruned].max() < alone[~pruned].min()
    assert all("edges" in trial.user_attrs for trial in study.trials)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"space": None, "costs": COSTS}, "give space="),
        ({"costs": {"edges": 3}}, "not callable"),
        ({"costs": COSTS, "reference": {"latency": 3}}, "no cost and no score"),
        ({"reference": {"score": 3}}, "does not count where there is one objective"),
    ],
)
def test_bad_costs_are_refused(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        pbnas(**options)


def test_a_cost_that_is_no_number_ends_the_study_before_a_trial_runs():
    def never(trial):
        SPACE.suggest(trial)
        raise AssertionError("evaluated")

    with pytest.raises(ValueError, match=r"costs\['edges'\] is nan"):
        run(4, pbnas(costs={"edges": lambda rows: np.full(len(rows), np.nan)}), never)
