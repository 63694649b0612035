"""Break the code on purpose, a little each time, and see whether the tests notice.

A mutant is a module with one change: a comparison, a sign, a number, a condition turned round, a statement
left out. Which change is drawn at random. The tests of its part run in a process that imports the mutant in
place of the module. Messages of errors, documentation and annotations are left alone.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from benchmarks.harness import Experiment, grid

ROOT = Path(__file__).parents[2]
CPU_SECONDS = 200  # after which a mutant has no end


class Target(NamedTuple):
    """Modules to break, and the tests that have to notice."""

    modules: list[str]
    tests: list[str]


TARGETS = {
    "metrics": Target(
        ["metrics._gain", "metrics._pareto", "metrics._random_search", "metrics._ranking"], ["tests/metrics"]
    ),
    "the checkpoint": Target(
        ["_files", "search._checkpoint", "search._identity", "search._saved"],
        ["tests/test_files.py", "tests/search/test_checkpoint.py"],
    ),
    "what is proposed": Target(
        ["search._propose"], ["tests/search/test_propose.py", "tests/search/test_search.py"]
    ),
    "spaces": Target(
        ["spaces._base", "spaces._cell_space", "spaces._chain_space", "spaces._encoding", "spaces._graphs"],
        ["tests/spaces"],
    ),
}

COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
}
LOGIC = {ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd}


class Place(NamedTuple):
    """Where a change can be made, and what to put there."""

    parent: ast.AST
    field: str
    position: int | None  # in a list of nodes
    new: ast.AST

    def apply(self) -> None:
        """Make the change."""
        if self.position is None:
            setattr(self.parent, self.field, self.new)
        else:
            getattr(self.parent, self.field)[self.position] = self.new


def places(tree: ast.AST) -> Iterator[tuple[ast.AST, Place]]:
    """Yield every node that can be changed, with its change."""
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if field in ("annotation", "returns", "decorator_list") or isinstance(parent, ast.JoinedStr):
                continue
            for position, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(node, ast.AST) and (new := changed(node)) is not None:
                    yield node, Place(parent, field, position, new)


def changed(node: ast.AST) -> ast.AST | None:
    """Return another node in the place of one, or None where it is left alone."""
    new: ast.AST | None = None
    match node:
        case ast.Compare(left, [op, *others], comparators):
            new = ast.Compare(left, [COMPARISONS[type(op)](), *others], comparators)
        case ast.BinOp(left, op, right) if type(op) in ARITHMETIC | LOGIC:
            new = ast.BinOp(left, (ARITHMETIC | LOGIC)[type(op)](), right)
        case ast.BoolOp(op, values):
            new = ast.BoolOp(LOGIC[type(op)](), values)
        case ast.UnaryOp(ast.Not() | ast.Invert() | ast.USub(), operand):
            new = operand
        case ast.Constant(bool() as value):
            new = ast.Constant(not value)
        case ast.Constant(int() | float() as value):
            new = ast.Constant(value + 1)
        case ast.If(test, body, orelse):
            new = ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.Raise() | ast.Expr(ast.Call()) | ast.AugAssign():
            new = ast.Pass()
    return None if new is None else ast.copy_location(new, node)


def mutant(source: str, choose: np.random.Generator) -> tuple[ast.AST, str]:
    """Return a changed module, and in words what was changed."""
    tree = ast.parse(source)
    found = list(places(tree))
    node, place = found[choose.integers(len(found))]
    before = ast.unparse(node).splitlines()[0]
    place.apply()
    ast.fix_missing_locations(tree)
    after = ast.unparse(place.new).splitlines()[0]
    return tree, f"line {getattr(node, 'lineno', 0)}: {before} -> {after}"


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, tree: ast.AST) -> None:
        super().__init__(name, path)
        self.tree = tree

    def get_code(self, fullname: str) -> Any:
        return compile(self.tree, self.path, "exec")  # type: ignore[arg-type]


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, path: Path, tree: ast.AST) -> None:
        self.name, self.path, self.tree = name, path, tree

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        if fullname != self.name:
            return None
        loader = _Loader(fullname, str(self.path), self.tree)
        return importlib.util.spec_from_file_location(fullname, self.path, loader=loader)


def _test(name: str, path: Path, tree: ast.AST, tests: list[str]) -> None:
    """Run in a forked process: the tests, with the mutant in place of the module."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    for module in [module for module in sys.modules if module.split(".")[0] == "skpbnas"]:
        del sys.modules[module]
    sys.meta_path.insert(0, _Finder(name, path, tree))
    os.chdir(ROOT)
    os._exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *tests])))


def run(target: str, seed: int) -> dict[str, Any]:
    """Make one mutant, and run the tests of its part."""
    modules, tests = TARGETS[target]
    rng = np.random.default_rng([seed, *target.encode()])
    sizes = np.array([len(list(places(ast.parse(_path(name).read_text())))) for name in modules])
    name = modules[rng.choice(len(modules), p=sizes / sizes.sum())]
    tree, change = mutant(_path(name).read_text(), rng)
    child = os.fork()
    if not child:
        try:
            _test(f"skpbnas.{name}", _path(name), tree, tests)
        finally:
            os._exit(99)
    _, status = os.waitpid(child, 0)
    try:
        os.killpg(child, signal.SIGKILL)  # workers that it has left
    except ProcessLookupError:
        pass
    return {"module": name, "change": change, "noticed": status != 0}


def _path(name: str) -> Path:
    return ROOT / "skpbnas" / f"{name.replace('.', '/')}.py"


def table(results: pd.DataFrame) -> pd.DataFrame:
    """Count the mutants of each part."""
    groups = results.groupby("target", sort=False)["noticed"]
    counts = pd.DataFrame({"mutants": groups.size(), "noticed": groups.sum()})
    counts["not noticed"] = counts["mutants"] - counts["noticed"]
    return counts.astype(int).astype(str).rename_axis("Part")


EXPERIMENT = Experiment(
    __file__, tables={"mutants": table}, jobs=grid(seed=range(25), target=TARGETS), run=run
)
