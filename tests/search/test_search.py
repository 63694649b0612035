"""Algorithm 1: counting, repeating, resuming, and losing nothing."""

import pickle
import time
import warnings

import numpy as np
import pytest
from objectives import SPACE, n_edges

from skpbnas import (
    CellSpace,
    EvolutionaryCandidateSampler,
    ExhaustiveCandidateSampler,
    GCNRankPredictor,
    MaximumLikelihoodCandidateSampler,
    PredictorBasedSearch,
    UniformCandidateSampler,
)
from skpbnas.candidates import SpaceExhaustedWarning
from skpbnas.datasets import TabularBenchmark


@pytest.fixture
def table() -> TabularBenchmark:
    X = SPACE.enumerate()
    return TabularBenchmark(SPACE, X, {"score": [n_edges(cell) for cell in SPACE.decode(X)]})


def make(random_state=0, **parameters) -> PredictorBasedSearch:
    parameters.setdefault("predictor", GCNRankPredictor(max_iter=20))
    parameters.setdefault("candidates", EvolutionaryCandidateSampler(n_candidates=40))
    return PredictorBasedSearch(SPACE, random_state=random_state, **parameters)


@pytest.mark.slow
@pytest.mark.parametrize(
    "candidates",
    [
        ExhaustiveCandidateSampler(),
        UniformCandidateSampler(n_candidates=40),
        MaximumLikelihoodCandidateSampler(n_candidates=40),
        EvolutionaryCandidateSampler(n_candidates=40),
    ],
    ids=lambda sampler: type(sampler).__name__,
)
def test_it_beats_random_search_and_counts_every_label(candidates, table):
    guided = make(candidates=candidates).run(table.objective("score"), 30)
    assert table.n_queries == len(guided.history_) == 30
    assert len(np.unique(SPACE.canonical_key(guided.evaluated_rows_))) == 30
    random = [
        make(seed, predictor="random", candidates=UniformCandidateSampler(n_candidates=40))
        .run(table.objective("score"), 30)
        .best_score_
        for seed in range(10)
    ]
    assert guided.best_score_ > np.median(random)


def test_history_tells_what_happened(table):
    search = make(n_initial=6, batch_size=4).run(table.objective("score"), 20)
    history = search.history_
    assert history["evaluation"].tolist() == list(range(1, 21))
    assert history["iteration"].tolist() == [0] * 6 + [1] * 4 + [2] * 4 + [3] * 4 + [4] * 2
    assert history["predicted_score"].isna().tolist() == [True] * 6 + [False] * 14
    assert (history["pool_size"][6:] == 40).all()
    np.testing.assert_array_equal(history["best_score"], history["score"].cummax())
    assert search.best_score_ == history["score"].max() == n_edges(search.best_architecture_)
    np.testing.assert_array_equal(table.query(search.evaluated_rows_, "score"), history["score"])
    assert (history[["proposal_seconds", "evaluation_seconds"]] > 0).all().all()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_search_however_it_is_driven(table):
    expected = make().run(table.objective("score"), 20).evaluated_rows_
    np.testing.assert_array_equal(make().run(n_edges, 20).evaluated_rows_, expected)
    np.testing.assert_array_equal(make().run(n_edges, 20, n_jobs=2).evaluated_rows_, expected)
    search = make()
    for _ in range(5):
        X = search.ask()[::-1]
        search.tell(X, table.query(X, "score"))
    np.testing.assert_array_equal(search.evaluated_rows_, expected)
    assert not np.array_equal(make(1).run(n_edges, 20).evaluated_rows_, expected)


def test_nothing_from_unevaluated_architectures_reaches_the_search(table):
    """Scrambling all scores that the search has not asked for changes nothing."""
    search = make().run(table.objective("score"), 24)
    seen = np.isin(SPACE.canonical_key(table.X), SPACE.canonical_key(search.evaluated_rows_))
    scrambled = np.where(seen, table.columns["score"], np.random.default_rng(0).normal(size=len(table)))
    again = make().run(TabularBenchmark(SPACE, table.X, {"score": scrambled}).objective("score"), 24)
    np.testing.assert_array_equal(again.evaluated_rows_, search.evaluated_rows_)


def test_pending_architectures_are_not_proposed_again():
    search = make()
    batches = [search.ask() for _ in range(4)]
    keys = SPACE.canonical_key(np.concatenate(batches))
    assert len(np.unique(keys)) == 16
    search.tell(batches[2], [1.0, 2.0, 3.0, 4.0])
    assert search.history_["score"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert not np.isin(SPACE.canonical_key(search.ask(7)), keys).any()


def test_earlier_experiments_can_be_told():
    search = make()
    X = SPACE.enumerate()[-30:]
    search.tell(X, [n_edges(cell) for cell in SPACE.decode(X)])
    assert len(search.history_) == 30
    assert search.run(n_edges, 34).history_["predicted_score"].notna().sum() == 4


@pytest.mark.slow
def test_a_search_continues_from_its_checkpoint_as_if_nothing_had_happened(tmp_path):
    expected = make().run(n_edges, 24).history_["score"]
    path = tmp_path / "search.npz"

    def stop_at_ten(search):
        return len(search.history_) >= 10

    make().run(n_edges, 24, callbacks=[stop_at_ten], checkpoint=path)
    resumed = make().run(n_edges, 24, checkpoint=path)
    np.testing.assert_array_equal(resumed.history_["score"], expected)
    unseeded = make(None).run(n_edges, 10, checkpoint=tmp_path / "unseeded.npz")
    resumed = make(None).run(n_edges, 24, checkpoint=tmp_path / "unseeded.npz")
    np.testing.assert_array_equal(resumed.evaluated_rows_, unseeded.run(n_edges, 24).evaluated_rows_)
    pickled = pickle.loads(pickle.dumps(make().run(n_edges, 12)))
    np.testing.assert_array_equal(pickled.run(n_edges, 24).history_["score"], expected)


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_objective_that_raises_loses_nothing(tmp_path, n_jobs):
    whole = make().run(n_edges, 20)
    expected = whole.history_["score"]
    tenth = SPACE.decode(whole.evaluated_rows_)[9]

    def fragile(cell):
        if cell == tenth:
            raise RuntimeError("out of memory")
        return n_edges(cell)

    search, path = make(), tmp_path / "search.npz"
    with pytest.raises(RuntimeError, match="out of memory"):
        search.run(fragile, 20, n_jobs=n_jobs, checkpoint=path, name="edges")
    assert 8 <= len(search.history_) < 20
    for continued in (search, make()):
        continued.run(n_edges, 20, checkpoint=path, name="edges")
        np.testing.assert_array_equal(continued.history_["score"], expected)


def test_failed_evaluations_are_counted_but_not_learned_from():
    def sometimes_nan(cell):
        return np.nan if cell.adjacency.sum() % 2 else n_edges(cell)

    with pytest.warns(UserWarning, match="NaN or infinite"):
        search = make().run(sometimes_nan, 40)
    history = search.history_
    assert len(history) == 40
    assert history["score"].isna().any()
    assert len(np.unique(SPACE.canonical_key(search.evaluated_rows_))) == 40
    assert search.best_score_ == history["score"].max()


def test_an_exhausted_space_ends_the_search_with_a_warning():
    space = CellSpace(3, ["a", "b"])
    search = PredictorBasedSearch(space, GCNRankPredictor(max_iter=5), batch_size=10, random_state=0)
    with pytest.warns(SpaceExhaustedWarning, match="exhausted after 5 of 50") as caught:
        search.run(n_edges, 50)
    assert len(caught) == 1  # and none for pools that cannot be full
    assert len(search.history_) == len(space) == 5
    with pytest.raises(ValueError, match="has been proposed"):
        search.ask()


def test_callbacks_see_the_proposal(table):
    pools = []

    def keep(search):
        pools.append(search.last_proposal_.pool_scores)

    make().run(table.objective("score"), 12, callbacks=[keep])
    assert [len(pool) for pool in pools] == [4, 40, 40]


def test_parallel_evaluations_run_at_the_same_time_and_report_their_seconds():
    def slow(cell):
        time.sleep(0.05)
        return n_edges(cell)

    assert (make().run(slow, 4, n_jobs=2).history_["evaluation_seconds"] >= 0.05).all()


def test_bad_input_is_refused():
    search = make()
    X = search.ask()
    with pytest.raises(ValueError, match=r"y has shape \(3,\) for 4 rows"):
        search.tell(X, [1, 2, 3])
    with pytest.raises(ValueError, match="row 0 of X is not a valid architecture"):
        search.tell(np.zeros_like(X), [1, 2, 3, 4])
    assert len(search.history_) == 0
    with pytest.raises(ValueError, match="nothing has been evaluated yet"):
        _ = search.best_score_
    with pytest.raises(TypeError, match="must return one real number"):
        make().run(lambda cell: "good", 4)
    with pytest.raises(ValueError, match="one score per row"):
        make().run(lambda rows: 1.0, 4, vectorized=True)
    with pytest.raises(ValueError, match="batch_size"):
        make(batch_size=0).ask()


@pytest.mark.parametrize("n", [0, -3])
def test_at_least_one_architecture_is_asked_for(n):
    with pytest.raises(ValueError, match=f"n={n} is not allowed"):
        PredictorBasedSearch(CellSpace(4, ["a", "b"])).ask(n)


@pytest.mark.slow
def test_a_search_says_nothing_unless_its_log_is_listened_to(caplog, capfd):
    search = PredictorBasedSearch(SPACE, "random", random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search.run(n_edges, 8)
    assert capfd.readouterr() == ("", "") and not caplog.records
    with caplog.at_level("INFO", "skpbnas"):
        search.run(n_edges, 12)
    text = caplog.text
    assert "proposed 4 of a pool of" in text and "architecture 12 scored" in text
