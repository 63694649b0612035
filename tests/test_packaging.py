"""What is published: it holds what it should, and works where it is installed."""

import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WORKFLOWS = ROOT / ".github" / "workflows"


def run(*command, **options) -> str:
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with the source distribution, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The programs of a new environment with the wheel; what it needs is taken from this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    scripts = folder / ("Scripts" if sys.platform == "win32" else "bin")
    run(scripts / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel)
    purelib = run(scripts / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    Path(purelib, "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return scripts


@pytest.mark.slow
def test_the_source_distribution_holds_what_the_repository_holds(built):
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout, so nothing tells which files belong to it")
    tracked = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).splitlines()
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        held = {Path(*Path(name).parts[1:]).as_posix() for name in archive.getnames()}
    assert held == {name for name in tracked if (ROOT / name).exists()} | {"PKG-INFO"}


@pytest.mark.slow
def test_the_wheel_holds_the_package_alone(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {"skpbnas", f"skpbnas-{PROJECT['version']}.dist-info"}
    assert {"skpbnas/py.typed", "skpbnas/datasets/digits/digits_cells.npz"} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.slow
def test_the_installed_wheel_searches(installed, tmp_path):
    code = (
        "import skpbnas; from skpbnas.datasets import load_digits_cells; table = load_digits_cells(); "
        "search = skpbnas.PredictorBasedSearch(table.space, random_state=0); "
        "search.run(table.objective('validation_accuracy'), 12); "
        "print(skpbnas.__file__, search.best_score_ > 0.5)"
    )
    environment = {"PATH": "", "HOME": str(tmp_path)}
    file, found = run(installed / "python", "-c", code, cwd=tmp_path, env=environment).split()
    assert Path(file).is_relative_to(installed.parent) and found == "True"
    version = run(installed / "skpbnas", "--version", cwd=tmp_path, env=environment)
    assert PROJECT["version"] in version


def test_the_same_pythons_are_declared_and_tried():
    declared = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert PROJECT["requires-python"] == f">={declared[0]}"
    (tried,) = re.findall(r"python: \[(.*)\]", (WORKFLOWS / "test.yml").read_text())
    assert re.findall(r"3\.\d+", tried) == declared


def test_addresses_are_those_of_the_project():
    home = PROJECT["urls"]["Homepage"]
    owned = re.compile(r"https://github\.com/[\w-]+/skpbnas")
    for name in ["README.md", "CITATION.cff", "docs/conf.py"]:
        assert set(owned.findall((ROOT / name).read_text())) <= {home}, name
    assert f"repository-code: {home}\n" in (ROOT / "CITATION.cff").read_text()
    assert all(url.startswith((home, "https://skpbnas.readthedocs.io")) for url in PROJECT["urls"].values())


def test_every_action_has_a_version():
    for path in WORKFLOWS.glob("*.yml"):
        used = re.findall(r"uses: (\S+)", path.read_text())
        assert used and all(re.search(r"@(v\d|release/v1)", action) for action in used), path.name
