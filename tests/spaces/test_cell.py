"""The readable cell: a value with pictures."""

import pickle
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from skpbnas import Cell


@pytest.fixture
def cell() -> Cell:
    matrix = [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
    return Cell(matrix, ["input", "maxpool3x3", "a < b", "output"])


def test_cells_are_values(cell):
    assert pickle.loads(pickle.dumps(cell)) == cell
    assert hash(cell) == hash(Cell(cell.adjacency, cell.operations))
    assert cell != Cell(np.triu(np.ones((4, 4)), 1), cell.operations)
    assert eval(repr(cell)) == cell
    with pytest.raises(ValueError, match="read-only"):
        cell.adjacency[0, 1] = 0


def test_the_picture_shows_every_vertex_and_edge(cell):
    svg = ET.fromstring(cell._repr_svg_())
    kinds = [element.tag.rpartition("}")[2] for element in svg.iter()]
    assert kinds.count("rect") == 4
    assert kinds.count("path") == kinds.count("polygon") == 4
    assert "a < b" in [element.text for element in svg.iter()]


def test_layout_puts_edges_downwards_and_no_two_vertices_in_one_place(cell):
    layout = cell.layout()
    sources, targets = np.nonzero(cell.adjacency)
    assert (layout[targets, 1] > layout[sources, 1]).all()
    assert len(np.unique(layout, axis=0)) == 4
