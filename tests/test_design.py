"""The picture of the packages in docs/design.rst is true."""

import ast
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "skpbnas"
HELPERS = "_helpers"  # the box of the private modules at the top
SVG = {"svg": "http://www.w3.org/2000/svg"}


def heights() -> dict[str, float]:
    """Return how far down each package is drawn."""
    groups = ElementTree.parse(ROOT / "docs" / "_static" / "packages.svg").findall("svg:g", SVG)
    return {group.attrib["id"]: float(group.find("svg:rect", SVG).attrib["y"]) for group in groups}


def part_of(name: str) -> str:
    return HELPERS if name.startswith("_") else name


def parts() -> set[str]:
    found = {path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__"}
    found |= {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    return {part_of(name) for name in found}


def imports(path: Path) -> Iterator[str]:
    """Yield the parts of the package that a module imports, but for its annotations."""
    module = path.relative_to(ROOT).with_suffix("").parts
    tree = ast.parse(path.read_text())
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or node in for_types:
            continue
        above = module[: len(module) - node.level] if node.level else ()
        names = [*above, *(node.module.split(".") if node.module else ())]
        if names[0] == "skpbnas":
            yield from [names[1]] if len(names) > 1 else [alias.name for alias in node.names]


def test_every_package_is_drawn() -> None:
    assert set(heights()) == parts()


@pytest.mark.parametrize("part", sorted(parts() - {HELPERS}))
def test_packages_import_only_what_is_drawn_below_them(part: str) -> None:
    drawn = heights()
    files = [PACKAGE / f"{part}.py"] if (PACKAGE / f"{part}.py").exists() else (PACKAGE / part).rglob("*.py")
    for path in files:
        for name in imports(path):
            if name != part and name != "__version__":
                assert drawn[part_of(name)] > drawn[part], f"{path.name} imports {name}"
