"""Drawings show the graph and nothing else, whatever renders them."""

import io
import sys

import numpy as np
import pytest

from benchmarks.drawings.faults import edges_of_text, faults, text_faults
from skpbnas import Cell, CellSpace, NASBench101Space
from skpbnas.drawing import Box, Diagram
from skpbnas.spaces import ChainSpace, ConstrainedSpace, NASBench201Space, ParameterSpace, ProductSpace


def cells_of(space, n, seed=0):
    """Return valid cells of many shapes, without listing the space."""
    rng = np.random.default_rng(seed)
    last = len(space.operations) - 1
    chain = Cell(np.eye(4, k=1), ["input", space.operations[0], space.operations[last], "output"])
    X = space.encode([chain]).repeat(30 * n, axis=0)
    for _ in range(4):
        X = space.mutate(X, 0.3, rng)
        X = X[space.is_valid(X)]
        X = X[rng.integers(len(X), size=30 * n)]
    return space.decode(X[np.unique(space.canonical_key(X), return_index=True)[1][:n]])


@pytest.fixture(scope="module")
def cells():
    return cells_of(NASBench101Space(), 120) + cells_of(CellSpace(10, ["a", "b"], 18), 10)


def test_no_edge_passes_a_box_and_each_is_drawn_once_with_its_head(cells):
    wrong = {repr(cell): found for cell in cells if (found := faults(cell._repr_svg_(), cell.adjacency))}
    assert not wrong
    assert sum(cell.adjacency.sum() == 9 for cell in cells) > 10  # full NASBench-101 cells are among them


def test_the_text_tells_the_same_graph(cells):
    wrong = {repr(cell): found for cell in cells if (found := text_faults(cell))}
    assert not wrong


def test_the_checks_can_fail():
    cell = Cell(np.triu(np.ones((3, 3)), 1), ["input", "a", "output"])
    svg = cell._repr_svg_()
    assert not faults(svg, cell.adjacency)
    assert faults(svg, cell.adjacency.T)
    line = svg[svg.index("<path") : svg.index("/>") + 2]
    assert faults(svg.replace(line, line.replace("M", "M1")), cell.adjacency)
    assert edges_of_text(str(cell)) == [(0, 1), (0, 2), (1, 2)]


def test_matplotlib_draws_the_scene(cells):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    from skpbnas.plotting import plot_cell

    cell = max(cells, key=lambda cell: cell.adjacency.sum())
    ax = plot_cell(cell, Figure().add_subplot(), title="0.9")
    written = [patch.get_gid() for patch in ax.patches if patch.get_gid()]
    assert sorted(written) == sorted([*cell.operations, "0.9"])
    heads = [patch for patch in ax.patches if type(patch).__name__ == "Polygon"]
    assert len(heads) == cell.adjacency.sum()


def test_a_terminal_without_box_characters_gets_ascii(cells, monkeypatch):
    drawn = str(cells[0])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
    plain = str(cells[0])
    assert plain.isascii() and not drawn.isascii()
    assert [len(line) for line in plain.split("\n")] == [len(line) for line in drawn.split("\n")]


def test_a_cycle_is_refused_and_the_cell_can_still_be_printed():
    cell = Cell([[0, 1, 0], [1, 0, 1], [0, 0, 0]], ["input", "a", "output"])
    with pytest.raises(ValueError, match="cycle"):
        cell.draw()._repr_svg_()
    assert str(cell) == "a(0) output(1)"
    assert cell._repr_svg_() is None


SPACES = [
    CellSpace(5, ["conv", "pool"]),
    NASBench201Space(),
    ChainSpace([[8, 16, None], [3, 5], ["relu", "silu"], [-1, 1]]),
    ConstrainedSpace(CellSpace(4, ["a"]), lambda X: np.ones(len(X), bool)),
    ProductSpace({"cell": CellSpace(4, ["a"]), "widths": ChainSpace([range(8, 65, 8)] * 3)}),
]


@pytest.mark.parametrize("space", SPACES, ids=lambda space: type(space).__name__)
def test_every_space_draws_and_describes_its_architectures(space, rng):
    for architecture in space.decode(space.sample(5, rng)):
        diagram = space.draw(architecture, "score 0.9")
        assert str(diagram).startswith("score 0.9\n") and "[" in str(diagram)
        assert "score 0.9" in diagram._repr_svg_()
        assert "\n" not in space.describe(architecture)
    X = space.sample(50, rng)
    n = len(np.unique(space.canonical_key(X)))
    assert len({space.describe(a) for a in space.decode(space.canonicalize(X))}) == n


def test_the_operations_of_nasbench201_stand_between_their_nodes():
    cell = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|"
    lines = [line.strip("[ ]") for line in str(NASBench201Space().draw(cell)).split("\n") if "[" in line]
    assert lines == ["input", "nor_conv_3x3", "node 1", "skip_connect", "node 2", "avg_pool_3x3", "output"]


def test_bars_are_as_long_as_widths_and_skipped_layers_are_left_out():
    space = ChainSpace([[8, 16, 32]] * 2 + [[4, None], ["relu", "silu"]])
    text = str(space.draw((32, 8, None, "relu")))
    assert [line.count("█") for line in text.split("\n") if "layer" in line] == [10, 2, 0]


def test_parameters_are_a_list():
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    space = ParameterSpace({"rate": FloatDistribution(0, 1), "opt": CategoricalDistribution(["sgd", "adam"])})
    assert str(space.draw({"rate": 0.25, "opt": "sgd"})) == "[ rate = 0.25 ]\n[  opt = sgd  ]"
    assert space.describe({"rate": 0.25, "opt": "sgd"}) == "rate = 0.25, opt = sgd"


def test_boxes_and_adjacency_must_match():
    with pytest.raises(ValueError, match="1 boxes"):
        Diagram([Box("a")], np.zeros((2, 2)))
