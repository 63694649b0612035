"""A diagram as shapes with places, for the renderers: the same for SVG and matplotlib."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._diagram import Box, Diagram, Part
from ._layout import Layout, Spacing, layout

TEXT_SIZE, TITLE_SIZE = 12.0, 13.0
HEIGHT = 26.0  # of a box
_GAP = 38.0  # between layers
_HEAD = 8.0  # the length of an arrowhead
_CHARACTER, _PADDING = 7.0, 20.0  # the width of a letter of a sans-serif face, and what is beside a label
_LINE = 22.0  # the height of a title
_MARGIN = 6.0
_SPACING = Spacing(boxes=20, lanes=14, ports=14)
_BETWEEN_PARTS = 40.0


class Rectangle(NamedTuple):
    """A box with its place; ``top`` is smaller than the bottom."""

    left: float
    top: float
    width: float
    box: Box


class Arrow(NamedTuple):
    """An edge: cubic Bezier curves one after the other, and the triangle at its end.

    Attributes
    ----------
    source, target : int
        The boxes, by their place in the part.
    curve : ndarray of shape (3 * n_curves + 1, 2)
    head : ndarray of shape (3, 2)
        The tip first.
    """

    source: int
    target: int
    curve: NDArray[np.float64]
    head: NDArray[np.float64]


class Words(NamedTuple):
    """A title, centred at x."""

    x: float
    middle: float
    text: str


class Scene(NamedTuple):
    """All that is drawn, with y downwards."""

    width: float
    height: float
    rectangles: list[Rectangle]
    arrows: list[Arrow]
    titles: list[Words]


def scene(diagram: Diagram) -> Scene:
    """Return the shapes of a diagram."""
    layouts = [layout_of(part) for part in diagram.parts]
    widths = [max(place.width, _width(part.name)) for place, part in zip(layouts, diagram.parts, strict=True)]
    content = sum(widths) + _BETWEEN_PARTS * (len(widths) - 1)
    width = max(content, _width(diagram.title)) + 2 * _MARGIN
    top = _MARGIN + _LINE * bool(diagram.title)
    titles = [Words(width / 2, _MARGIN + _LINE / 2, diagram.title)] if diagram.title else []
    first = top + _LINE * any(part.name for part in diagram.parts)
    rectangles, arrows = [], []
    left, bottom = (width - content) / 2, first
    for part, place, own in zip(diagram.parts, layouts, widths, strict=True):
        if part.name:
            titles.append(Words(left + own / 2, top + _LINE / 2, part.name))
        corner = np.array([left + (own - place.width) / 2, first])
        rectangles += _rectangles(part, place, corner)
        arrows += _arrows(place, corner)
        left += own + _BETWEEN_PARTS
        bottom = max(bottom, first + place.n_layers * (HEIGHT + _GAP) - _GAP)
    return Scene(width, bottom + _MARGIN, rectangles, arrows, titles)


def _width(text: str) -> float:
    return _CHARACTER * len(text) + _PADDING


def layout_of(part: Part) -> Layout:
    """Return the layout of a part, in pixels."""
    characters = part.widened([len(box.label) for box in part.boxes])
    return layout(part.adjacency, [_CHARACTER * n + _PADDING for n in characters], _SPACING)


def _rectangles(part: Part, place: Layout, corner: NDArray) -> list[Rectangle]:
    tops = corner[1] + place.layer * (HEIGHT + _GAP)
    return [
        Rectangle(float(corner[0] + left), float(top), float(right - left), box)
        for left, right, top, box in zip(place.left, place.right, tops, part.boxes, strict=True)
    ]


def _arrows(place: Layout, corner: NDArray) -> list[Arrow]:
    arrows = []
    for (source, target), track in zip(place.edges, place.tracks, strict=True):
        points = [np.array([track[0], place.layer[source] * (HEIGHT + _GAP) + HEIGHT])]
        for k, x in enumerate(track[1:], start=place.layer[source] + 1):
            top = k * (HEIGHT + _GAP)
            end = top - _HEAD if k == place.layer[target] else top
            start = points[-1]
            middle = (start[1] + end) / 2
            # Vertical at both ends, and between the layers as a whole: it lies within its control points.
            points += [np.array(p) for p in ((start[0], middle), (x, middle), (x, end))]
            if k < place.layer[target]:
                points += [np.array([x, top + share * HEIGHT]) for share in (1 / 3, 2 / 3, 1)]
        tip = points[-1] + [0, _HEAD]
        head = tip + [[0, 0], [-_HEAD / 2, -_HEAD], [_HEAD / 2, -_HEAD]]
        arrows.append(Arrow(source, target, np.array(points) + corner, head + corner))
    return arrows
