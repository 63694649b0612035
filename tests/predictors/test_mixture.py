"""Two processes, weighed: what is between them, and what is left of one that is improbable."""

import numpy as np
import pytest

from skpbnas import CellSpace, GPRankPredictor
from skpbnas.predictors._mixture import Mixture, mixture
from skpbnas.predictors._process import Process

ROLES = ["extra a", "extra b"]
RNG = np.random.default_rng(0)
X, NEW = RNG.normal(size=(30, 2)), RNG.normal(size=(50, 2))


def process(t):
    return Process(X, ROLES, t, np.zeros(len(X), np.intp), 300)


@pytest.fixture(scope="module")
def two():
    return process(X[:, 0]), process(-X[:, 1])


def test_the_mean_is_between_and_the_deviation_is_that_of_draws_from_either(two):
    drawn = []
    for share, one in zip((0.3, 0.7), two, strict=True):
        mean, std = one.posterior(NEW, True)
        drawn.append(mean[:, None] + std[:, None] * RNG.normal(size=(50, round(40_000 * share))))
    draws = np.concatenate(drawn, axis=1)
    mean, std = Mixture(*two, 0.3).posterior(NEW, True)
    np.testing.assert_allclose(mean, draws.mean(axis=1), atol=0.03)
    np.testing.assert_allclose(std, draws.std(axis=1), atol=0.03)


def test_limits_hold_and_pending_rows_leave_the_mean(two):
    mixed = Mixture(*two, 0.4)
    mean, std = mixed.posterior(NEW, True)
    np.testing.assert_allclose(mixed.limits(NEW)[0], mean)
    assert (mixed.limits(NEW)[1] >= std - 1e-9).all()
    after, less = mixed.with_pending(NEW[:5]).posterior(NEW, True)
    np.testing.assert_allclose(after, mean, atol=1e-6)
    assert (less[:5] <= std[:5]).all()


def test_a_process_that_makes_the_targets_improbable_is_left_out(two):
    one, other = two
    one.log_evidence, other.log_evidence = 0.0, -5.0
    assert mixture(one, other) is one and mixture(other, one) is one
    other.log_evidence = -1.0
    assert isinstance(mixture(one, other), Mixture)


def test_earlier_tasks_are_weighed_by_the_new_scores():
    """The less a task tells, the nearer are predictions to those without it."""
    space = CellSpace(5, ["conv", "pool"])
    rows = space.enumerate()[np.random.default_rng(1).permutation(787)]
    y = rows.sum(axis=1) + 0.0
    few, alone = slice(0, 10), GPRankPredictor(5).fit(rows[:10], y[:10]).predict(rows[10:])
    apart = []
    for noise in (0, 1000):
        earlier = rows[100:200], y[100:200] + noise * np.random.default_rng(2).normal(size=100)
        told = GPRankPredictor(5).fit(rows[few], y[few], prior=[earlier])
        apart.append(np.abs(told.predict(rows[10:]) - alone).mean())
    assert apart[1] < apart[0] / 3
