"""The commands ``nasbench101 convert``, ``info`` and ``download``, as a user types them."""

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("typer")
sys.path.append(str(Path(__file__).parents[1] / "datasets" / "nasbench101"))

from official_format import random_rows, write_file  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from skpbnas.cli import app  # noqa: E402
from skpbnas.datasets import load_nasbench101  # noqa: E402


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("SKPBNAS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SKPBNAS_NASBENCH101", raising=False)
    rows = random_rows(np.random.default_rng(0), n_cells=6, epochs=(4, 108))
    return write_file(tmp_path / "some.tfrecord", rows[:-1])


def run(*arguments):
    result = CliRunner().invoke(app, ["nasbench101", *map(str, arguments)])
    return result.exit_code, result.output


def test_convert_and_info(path):
    code, output = run("convert", path, "--jobs", 1)
    assert code == 0 and "some.skpbnas.npz: 6 cells" in output
    for file in (path, path.with_name("some.skpbnas.npz")):
        code, output = run("info", file, "--best", 2)
        assert code == 0
        benchmark = load_nasbench101(file)
        for text in (
            "some.tfrecord",
            benchmark.source["sha256"],
            "6 of 423,624",
            "4, 108",
            "2 to 3, 35 runs in all",
            "all cells       no",
            "official file   no",
            f"validation accuracy {benchmark.oracle('mean_validation_accuracy')[1]:.4f}",
        ):
            assert text in output
        assert output.count("validation accuracy") == 2


def test_convert_writes_where_it_is_told(path, tmp_path):
    assert run("convert", path, "--output", tmp_path / "new" / "table.npz")[0] == 0
    assert len(load_nasbench101(tmp_path / "new" / "table.npz")) == 6


def test_info_verifies_the_table(path):
    run("convert", path)
    store = path.with_name("some.skpbnas.npz")
    content = bytearray(store.read_bytes())
    content[len(content) // 2] ^= 1
    store.write_bytes(content)
    code, output = run("info", store)
    assert code == 2 and "damaged" in output


@pytest.mark.parametrize("command", ["convert", "info"])
def test_errors_are_lines_not_tracebacks(path, command):
    path.write_bytes(path.read_bytes()[:-1])
    code, output = run(command, path)
    assert code == 2 and output.startswith(f"Error: {path}, row 34, byte") and "truncated" in output
    code, output = run(command, path.with_name("absent.tfrecord"))
    assert code == 2 and "absent.tfrecord" in output
    assert run("download", "everything") == (
        2,
        "Error: which='everything' is unknown; choose from ['full', 'only108']\n",
    )


def test_info_without_a_file_says_how_to_get_one(path):
    code, output = run("info")
    assert code == 2 and "skpbnas nasbench101 download" in output
