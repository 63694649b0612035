"""Trials of all kinds: failed, pruned, enqueued, fixed, asked for and retried."""

import optuna
import pytest
from optuna.trial import TrialState
from studies import DOMAINS, SPACE, keys, objective, pbnas, raw_objective, run

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


@pytest.mark.slow
def test_failed_pruned_and_infinite_trials_do_no_harm():
    outcomes = iter(
        [float("nan"), float("inf"), -float("inf"), optuna.TrialPruned(), RuntimeError(), None] * 3
        + [None] * 12
    )

    def moody(trial):
        value, outcome = objective(trial), next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return value if outcome is None else outcome

    study = optuna.create_study(direction="maximize", sampler=pbnas())
    study.optimize(moody, n_trials=30, catch=(RuntimeError,))
    assert len(study.trials) == 30
    assert len(set(keys(study.trials))) == 30


def test_enqueued_trials_come_first_and_are_not_proposed_again():
    params = SPACE.row_to_params(SPACE.enumerate()[100])
    study = optuna.create_study(direction="maximize", sampler=pbnas())
    study.enqueue_trial(params)
    study.enqueue_trial({"op_node_0": "pool", "edge_0": 1})
    study.optimize(objective, n_trials=12)
    assert study.trials[0].params == params
    assert study.trials[1].params["op_node_0"] == "pool" and study.trials[1].params["edge_0"] == 1
    assert len(set(keys(study.trials))) == 12


@pytest.mark.slow
@pytest.mark.parametrize("space", [SPACE, None])
def test_fixed_parameters_stay_fixed(space):
    sampler = optuna.samplers.PartialFixedSampler({"op_node_0": "pool", "edge_0": 1}, pbnas(space))
    study = run(12, sampler, objective if space else raw_objective)
    assert {trial.params["op_node_0"] for trial in study.trials} == {"pool"}
    assert {trial.params["edge_0"] for trial in study.trials} == {1}
    if space:
        assert len(set(keys(study.trials))) == 12


@pytest.mark.slow
@pytest.mark.parametrize("space", [SPACE, None])
@pytest.mark.parametrize(
    "pruner", [optuna.pruners.HyperbandPruner(max_resource=27), optuna.pruners.MedianPruner(2)]
)
def test_pruners_and_brackets(pruner, space):
    """No bracket of Hyperband tries what another one has tried."""

    def staged(trial):
        value = objective(trial) if space else raw_objective(trial)
        for step in range(27):
            trial.report(value - 3 + step, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return value

    study = run(40, pbnas(space), staged, pruner=pruner, study_name="staged")  # brackets depend on the name
    assert study.get_trials(states=[TrialState.PRUNED])
    known = study.trials[0 if space else 1 :]  # of the first trial nothing is known
    assert len(set(keys(known))) == len(known)


def test_a_trial_can_be_asked_for_and_told():
    study = optuna.create_study(direction="maximize", sampler=pbnas())
    trials = [study.ask(DOMAINS) for _ in range(10)]
    assert len(set(keys(trials))) == 10
    for trial in reversed(trials):
        study.tell(trial, objective(optuna.trial.FixedTrial(trial.params)))
    study.tell(study.ask(DOMAINS), state=TrialState.FAIL)
    study.optimize(objective, n_trials=4)
    assert len(set(keys(study.trials))) == 15


def test_a_retried_trial_tries_what_it_was_to_try():
    study = run(8)
    trial = study.ask()
    trial.suggest_categorical("edge_0", (0, 1))
    study.tell(trial, state=TrialState.FAIL)
    retry = getattr(optuna.storages, "RetryHeartbeatStaleTrialCallback", None)
    (retry or optuna.storages.RetryFailedTrialCallback)()(study, study.trials[-1])  # its name before 4.9
    planned = study.trials[-2].system_attrs["pbnas:params:0"]
    study.optimize(objective, n_trials=1)
    assert study.trials[-1].system_attrs["pbnas:params:0"] == planned
    assert keys(study.trials[-1:])[0] not in keys(study.trials[:8])


@pytest.mark.parametrize("seed", [None, 7])
def test_without_a_seed_every_worker_draws_for_itself(seed):
    sampler = pbnas(seed=seed)

    def draw():
        study = optuna.create_study(sampler=sampler)
        return [study.ask(DOMAINS).params for _ in range(4)]

    first = draw()
    sampler.reseed_rng()
    assert (draw() == first) == (seed is not None)
