"""The package as a whole: its public names, and what importing a part of it costs."""

import pkgutil
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import skpbnas

ROOT = Path(__file__).parents[1]
SUBPACKAGES = [f"skpbnas.{module.name}" for module in pkgutil.iter_modules(skpbnas.__path__) if module.ispkg]


def loaded_by(*modules: str) -> set[str]:
    """Return the names of all modules that a fresh interpreter holds after importing some."""
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


@pytest.mark.parametrize(
    "module",
    ["skpbnas", "skpbnas.metrics", "skpbnas.model_selection", "skpbnas.preprocessing", "skpbnas.spaces"],
)
def test_light_parts_import_neither_torch_nor_optuna(module):
    assert not loaded_by(module) & {"torch", "optuna"}


def test_nothing_imports_matplotlib_before_a_picture_is_drawn():
    assert "matplotlib" not in loaded_by("skpbnas.plotting", *SUBPACKAGES)


@pytest.mark.parametrize("name", ["drawing", "metrics", "spaces"])
def test_parts_that_stand_on_their_own_import_no_other_part(name):
    """The table in CONTRIBUTING.md: spaces know no predictor, and drawings no space."""
    parts = {module.split(".")[1] for module in loaded_by(f"skpbnas.{name}") if module.startswith("skpbnas.")}
    assert parts - {"_files", "_rows"} <= {name, "drawing"}  # what belongs to no part, or to all


@pytest.mark.parametrize("module", ["skpbnas", "skpbnas.plotting", *SUBPACKAGES])
def test_public_names_exist_and_are_sorted(module):
    names = import_module(module).__all__
    assert names == sorted(set(names), key=lambda name: (not name.isupper(), name))  # constants first
    for name in names:
        assert hasattr(import_module(module), name)


def test_top_level_names_are_those_of_the_subpackages():
    for name in skpbnas.__all__:
        (home,) = [module for module in SUBPACKAGES if name in import_module(module).__all__]
        assert getattr(skpbnas, name) is getattr(import_module(home), name)
    assert set(skpbnas.__all__) <= set(dir(skpbnas))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        skpbnas.Nothing  # noqa: B018


def test_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == skpbnas.__version__
    assert f"\nversion: {skpbnas.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_package_is_typed():
    assert Path(skpbnas.__file__).with_name("py.typed").exists()
