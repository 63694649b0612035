"""The packages for OptunaHub have the registry's form, and their examples run."""

import re
import runpy
from pathlib import Path

import pytest

from skpbnas.datasets import TabularBenchmark, load_digits_cells

pytest.importorskip("optunahub")
REGISTRY = Path(__file__).parents[1] / "examples" / "optunahub"
PACKAGES = ["benchmarks/nasbench101", "samplers/pbnas"]
FIELDS = ["author", "title", "description", "tags", "optuna_versions", "license"]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_package_has_all_that_the_registry_asks_for(package):
    folder = REGISTRY / package
    assert {"__init__.py", "LICENSE", "README.md"} <= {path.name for path in folder.iterdir()}
    front, body = re.fullmatch(
        r"---\n(.*?)\n---\n(.*)", (folder / "README.md").read_text(), re.DOTALL
    ).groups()
    fields = dict(line.split(": ", 1) for line in front.splitlines())
    assert list(fields) == FIELDS
    assert re.match(rf"\[{package.split('/')[0].removesuffix('s')}[,\]]", fields["tags"])
    assert {"## Abstract", "## APIs", "## Example"} <= set(body.splitlines())


def test_the_sampler_s_example_runs():
    study = runpy.run_path(str(REGISTRY / "samplers/pbnas/example.py"))["main"](n_trials=8)
    assert len({tuple(trial.params.items()) for trial in study.trials}) == 8


def test_the_benchmark_s_example_runs():
    digits = load_digits_cells()
    table = TabularBenchmark(
        digits.space, digits.X, {"mean_validation_accuracy": digits.columns["validation_accuracy"]}
    )
    study = runpy.run_path(str(REGISTRY / "benchmarks/nasbench101/example.py"))["main"](table, n_trials=8)
    assert 0 < study.best_value < 1
