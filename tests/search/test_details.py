"""What an objective returns beside its scores is kept, wherever it was evaluated."""

import joblib
import pytest
from objectives import SPACE, n_edges

from skpbnas import PredictorBasedSearch
from skpbnas.search import Scored


def told(cell) -> Scored:
    return Scored(n_edges(cell), {"edges": int(cell.adjacency.sum()), "curve": [0.5, float("nan")]})


def sets(cell) -> Scored:
    return Scored(n_edges(cell), {1, 2})


def search() -> PredictorBasedSearch:
    return PredictorBasedSearch(SPACE, "random", n_initial=2, batch_size=2, random_state=0)


def edges(found: PredictorBasedSearch) -> list[int]:
    return [int(cell.adjacency.sum()) for cell in SPACE.decode(found.evaluated_rows_)]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_details_stand_beside_their_evaluations(n_jobs: int) -> None:
    with joblib.parallel_config("threading"):
        found = search().run(told, 5, n_jobs=n_jobs)
    assert [detail["edges"] for detail in found.details_] == edges(found)


def test_a_checkpoint_keeps_them(tmp_path) -> None:
    search().run(told, 3, checkpoint=tmp_path / "search.db")
    found = search().run(told, 5, checkpoint=tmp_path / "search.db")
    assert [detail["edges"] for detail in found.details_] == edges(found)
    assert found.details_[0]["curve"][0] == 0.5


def test_without_details_there_are_none() -> None:
    assert search().run(n_edges, 3).details_ == [None] * 3


def test_what_no_file_could_hold_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="set is not JSON serializable"):
        search().run(sets, 3)
