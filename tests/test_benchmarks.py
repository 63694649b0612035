"""The tables of the documentation are what the results of the benchmarks make."""

import pandas as pd
import pytest

from benchmarks.__main__ import PAGES, experiments
from benchmarks.harness import Experiment, grid, table_path, table_text


@pytest.mark.parametrize("page", PAGES)
def test_tables_of_the_documentation_are_up_to_date(page: str) -> None:
    measured = [experiment for experiment in experiments(page) if experiment.path.exists()]
    written = {path.stem for path in table_path(page, "any").parent.glob("*.csv")}
    assert written == {name for experiment in measured for name in experiment.tables}
    for experiment in measured:
        for name, make in experiment.tables.items():
            assert table_path(page, name).read_text() == table_text(make(experiment.results())), name


def measure(method: str, seed: int) -> list[dict[str, float]]:
    return [{"budget": budget, "score": budget / 3 + seed} for budget in (1, 2)]


def test_an_experiment_that_was_stopped_measures_only_what_is_missing(tmp_path, capsys) -> None:
    jobs = grid(seed=range(2), method=["a", "b"])
    experiment = Experiment(str(tmp_path / "some.py"), {}, jobs, measure)
    experiment.measure(jobs[:3])
    assert experiment.missing(jobs) == jobs[3:]
    experiment.measure(jobs)
    assert experiment.results().groupby(["method", "seed"]).size().eq(2).all()
    experiment.forget(jobs[:1])
    assert experiment.missing(jobs) == jobs[:1]
    assert len(experiment.results()) == 6


def test_results_with_other_columns_are_not_mixed(tmp_path) -> None:
    experiment = Experiment(str(tmp_path / "some.py"), {}, grid(seed=[0], method="a"), measure)
    pd.DataFrame({"seed": [1], "method": ["a"], "accuracy": [0.5]}).to_csv(experiment.path, index=False)
    with pytest.raises(ValueError, match="accuracy"):
        experiment.measure(experiment.jobs)
