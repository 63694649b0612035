"""Earlier tasks: what is tried first, and what they add to a pool."""

import numpy as np
import pytest

from skpbnas import CellSpace, GPRankPredictor, PredictorBasedSearch
from skpbnas._for_space import for_space
from skpbnas.search import ForTheBest
from skpbnas.search._earlier import best_of_earlier, hedged, joined, with_earlier
from skpbnas.search._known import Known, informed

SPACE = CellSpace(5, ["conv", "pool"])
ALL = SPACE.enumerate()
OPERATIONS = ALL[:, 25:].reshape(len(ALL), 5, -1)[:, :, 1].sum(axis=1) - 0.3 * ALL[:, :25].sum(axis=1)


def keys(rows):
    return SPACE.canonical_key(rows).tolist()


def fitted(prior, n=12):
    rows = np.random.default_rng(1).permutation(len(ALL))[:n]
    predictor = informed(for_space(GPRankPredictor(exploration=2), SPACE, 0), Known(SPACE, {}, prior))
    return predictor.fit(ALL[rows], OPERATIONS[rows]), ALL[rows], OPERATIONS[rows]


def test_half_of_the_first_architectures_are_the_best_of_each_task_in_turn():
    one, two = (ALL[:20], np.arange(20.0)), (ALL[20:40], -np.arange(20.0))
    search = PredictorBasedSearch(SPACE, prior=[one, two], n_initial=6, random_state=0)
    first = keys(search.ask())
    assert first[:3] == keys(ALL[[19, 20, 18]])
    assert len(set(first)) == 6 and not set(first[3:]) & set(keys(ALL[:40]))


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (2, 2), (3, 1)])
def test_it_is_half_however_they_are_asked_for(sizes):
    predictor, *_ = fitted([(ALL[:20], np.arange(20.0))])
    taken, others = ALL[:0], ALL[100:]
    for n in sizes:
        chosen = best_of_earlier(predictor, SPACE, taken, n)
        taken = np.concatenate([taken, chosen, others[: n - len(chosen)]])
        others = others[n:]
    assert sum(key in keys(ALL[:20]) for key in keys(taken)) == 2


def test_the_best_of_a_related_task_are_parents_and_candidates():
    order = np.argsort(-OPERATIONS)
    earlier = ALL[order[::5]]
    predictor, X, y = fitted([(earlier, np.exp(OPERATIONS[order[::5]]))])
    rows, scores, candidates = with_earlier(predictor, SPACE, X, y, earlier[:2])
    best = rows[np.argsort(-scores)[:20]]
    assert len(set(keys(best)) & set(keys(earlier[:20]))) > 10
    assert not set(keys(candidates)) & set(keys(np.concatenate([X, earlier[:2]])))


def test_of_a_task_that_tells_nothing_as_much_is_expected_as_without_it(rng):
    predictor, X, y = fitted([(ALL[:100], rng.normal(size=100))], n=40)
    rows, scores, _ = with_earlier(predictor, SPACE, X, y, X[:0])
    alone = for_space(GPRankPredictor(), SPACE, 0).fit(X, y)
    np.testing.assert_array_equal(scores[:40], y)
    np.testing.assert_allclose(scores[40:], alone.predict(rows[40:]), rtol=1e-8)


@pytest.mark.parametrize("features", [{}, {"size": ForTheBest(lambda rows: rows.sum(axis=1))}])
def test_every_other_batch_is_chosen_without_earlier_tasks(features):
    def knowing(prior):
        return informed(for_space(GPRankPredictor(exploration=2), SPACE, 0), Known(SPACE, features, prior))

    X, y = ALL[::60], OPERATIONS[::60]
    told, alone = knowing([(ALL[::5], OPERATIONS[::5])]), knowing(())
    expected = alone.fit(X, y).predict(ALL)
    for n_observed, listens in ((4, True), (8, False), (12, True), (16, False)):
        chooser = hedged(told, n_observed, 4).fit(X, y)
        assert (chooser.predict(ALL) == expected).all() != listens
        assert len(chooser.earlier_tasks) == 1
    assert hedged(alone, 8, 4) is alone


def test_what_is_expected_has_no_bonus_for_what_is_uncertain():
    predictor, X, _ = fitted([(ALL[:50], OPERATIONS[:50])])
    bold = predictor.predict(ALL)
    assert (predictor.expected(ALL) <= bold).all() and (predictor.predict(ALL) == bold).all()


def test_architectures_are_joined_once_each_in_their_order():
    both = joined(SPACE, ALL[[5, 3]], ALL[[3, 9, 1, 9]], taken=ALL[[9]])
    assert keys(both) == keys(ALL[[5, 3, 1]])
