"""What the README and the documentation show runs as it stands."""

import pkgutil
import re
import shlex
import sys
import textwrap
import types
from importlib import import_module
from pathlib import Path

import cloudpickle
import pytest
from typer.testing import CliRunner

import skpbnas
from skpbnas.cli import app
from skpbnas.cli._config import read_config
from skpbnas.cli._effort import EFFORT_OPTIONS, Effort
from skpbnas.cli._task import TASK_OPTIONS, Task

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.rst"))]
NAMES = [page.name for page in PAGES]
# The blocks of a page: fenced in Markdown, indented in reStructuredText.
BLOCK = re.compile(
    r"^```python\n(?P<fenced>.*?)^```$"
    r"|^\.\. code-block:: python\n\n(?P<indented>(?:^(?:   [^\n]*)?\n)+)",
    re.MULTILINE | re.DOTALL,
)
COMMAND = re.compile(r"^ +(?:\$ )?skpbnas (?P<arguments>[a-z].*)$", re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_python_blocks_run(page, tmp_path, monkeypatch):
    """The blocks of a page run one after the other, as a reader would type them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    text = page.read_text()
    module = types.ModuleType("page")  # where pickle finds the classes of a page
    monkeypatch.setitem(sys.modules, "page", module)
    cloudpickle.register_pickle_by_value(module)  # as those of a script are, for other processes
    for match in BLOCK.finditer(text):
        code = match["fenced"] or textwrap.dedent(match["indented"])
        first_line = text[: match.start()].count("\n") + (1 if match["fenced"] else 2)
        exec(compile("\n" * first_line + code, str(page), "exec"), module.__dict__)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_are_understood(page):
    import typer

    for match in COMMAND.finditer(page.read_text()):
        name, *arguments = shlex.split(match["arguments"], comments=True)
        typer.main.get_command(app).commands[name].make_context(name, arguments)  # parses, and runs nothing


@pytest.mark.slow
def test_the_module_of_the_command_line_page_is_searched(tmp_path, monkeypatch):
    """What docs/command_line.rst shows first, with a smaller budget."""
    (tmp_path / "work.py").write_text((ROOT / "docs" / "_static" / "work.py").read_text())
    monkeypatch.chdir(tmp_path)
    own = ["--objective", "work:train", "--space", "work:space", "--build", "work:build"]
    result = CliRunner().invoke(app, ["search", *own, "--budget", "2", "--output", "results"])
    sys.modules.pop("work", None)
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "results").iterdir()} > {
        "report.html",
        "model.pt2",
        "MODEL_CARD.md",
    }


def test_the_configurations_that_pages_show_are_understood(tmp_path):
    blocks = re.findall(
        r"^\.\. code-block:: toml\n\n((?:^(?:   [^\n]*)?\n)+)",
        "\n".join(page.read_text() for page in PAGES),
        re.MULTILINE,
    )
    assert blocks
    for block in blocks:
        (tmp_path / "search.toml").write_text(textwrap.dedent(block))
        options = read_config(tmp_path / "search.toml", [*TASK_OPTIONS, *EFFORT_OPTIONS, "output"])
        Task.from_dict(options), Effort.from_dict(options)


def test_every_public_name_is_in_the_api_reference():
    listed = re.findall(r"^(?:   |\.\. data:: )(\w+)$", (ROOT / "docs" / "api.rst").read_text(), re.MULTILINE)
    for module in pkgutil.iter_modules(skpbnas.__path__):
        if module.ispkg and module.name != "cli":  # which is used from a shell
            missing = set(import_module(f"skpbnas.{module.name}").__all__) - set(listed)
            assert not missing, f"docs/api.rst lacks {sorted(missing)} of skpbnas.{module.name}"
