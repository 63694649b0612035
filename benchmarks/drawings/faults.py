"""What is wrong with the drawing of a graph, read from the finished SVG or text."""

import re

import numpy as np

from skpbnas import Cell

PLACE = re.compile(r'<g><rect x="([\d.-]+)" y="([\d.-]+)" height="([\d.]+)" rx="4" width="([\d.]+)"')
CURVE = re.compile(r'<path d="M([^"]+)"')
HEAD = re.compile(r'<polygon points="([^"]+)"')
# Bernstein polynomials at 15 places of a curve, (15, 4)
T = np.linspace(0, 1, 15)[:, None]
BEZIER = np.hstack([(1 - T) ** 3, 3 * (1 - T) ** 2 * T, 3 * (1 - T) * T**2, T**3])
SLACK = 0.3  # pixels, of rounding


STEPS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
TURNS = {
    ("╰", "down"): "right", ("╰", "left"): "up", ("╯", "down"): "left", ("╯", "right"): "up",
    ("╭", "left"): "down", ("╭", "up"): "right", ("╮", "right"): "down", ("╮", "up"): "left",
}  # fmt: skip


def faults(svg: str, adjacency: np.ndarray) -> list[str]:
    """Return what is wrong with the drawing of a graph whose boxes are drawn in the order of its vertices."""
    boxes = np.array(PLACE.findall(svg), float).reshape(-1, 4)  # x, y, height, width
    left, top = boxes[:, 0], boxes[:, 1]
    right, bottom = left + boxes[:, 3], top + boxes[:, 2]
    curves = [_numbers(found.replace("C", "")) for found in CURVE.findall(svg)]
    heads = [_numbers(found) for found in HEAD.findall(svg)]
    if len(boxes) != len(adjacency) or len(curves) != adjacency.sum() or len(heads) != adjacency.sum():
        return [f"{len(boxes)} boxes, {len(curves)} lines and {len(heads)} heads"]

    def ends_at(point: np.ndarray, side: np.ndarray) -> int:
        inside = (left <= point[0]) & (point[0] <= right) & (np.abs(side - point[1]) < SLACK)
        return int(np.flatnonzero(inside)[0]) if inside.sum() == 1 else -1

    found = []
    drawn = [(ends_at(c[0], bottom), ends_at(h[0], top)) for c, h in zip(curves, heads, strict=True)]
    if sorted(drawn) != [tuple(edge) for edge in np.argwhere(adjacency).tolist()]:
        found.append(f"the edges drawn are {drawn}")
    for edge, curve, head in zip(drawn, curves, heads, strict=True):
        if np.abs(curve[-1] - head[1:].mean(axis=0)).max() > SLACK or head[0, 1] < head[1:, 1].max():
            found.append(f"the head of {edge} is not at its end")
        pieces = np.stack([curve[k : k + 4] for k in range(0, len(curve) - 1, 3)])
        x, y = np.moveaxis(np.concatenate([BEZIER @ pieces, head[None, :1].repeat(15, 1)]), -1, 0)
        x, y = x.reshape(-1, 1), y.reshape(-1, 1)
        crossed = (left < x - SLACK) & (x + SLACK < right) & (top < y - SLACK) & (y + SLACK < bottom)
        if crossed.any():
            found.append(f"{edge} passes box {np.flatnonzero(crossed.any(axis=0))[0]}")
    # Between layers all lines are curves of one form: two that lay on each other would share an end.
    knots = np.concatenate([curve[::3] for curve in curves]) if curves else np.zeros((0, 2))
    if len(np.unique(knots, axis=0)) < len(knots):
        found.append("two edges lie on each other")
    beside = (
        (left < right[:, None]) & (left[:, None] < right) & (top < bottom[:, None]) & (top[:, None] < bottom)
    )
    if beside.sum() > len(boxes):
        found.append("two boxes lie on each other")
    return found


def _numbers(text: str) -> np.ndarray:
    return np.array([pair.split(",") for pair in text.split()], float)


def text_faults(cell: Cell) -> list[str]:
    """Return what is wrong with the text of a cell."""
    place = cell.layout()
    order = np.lexsort((place[:, 0], place[:, 1]))  # boxes as they are read
    number = np.argsort(order)
    expected = sorted((int(number[i]), int(number[j])) for i, j in np.argwhere(cell.adjacency))
    drawn = sorted(edges_of_text(str(cell)))
    return [] if drawn == expected else [f"the text has the edges {drawn} and not {expected}:\n{cell}"]


def edges_of_text(text: str) -> list[tuple[int, int]]:
    """Follow every line of a drawing in text from below a box to its arrowhead."""
    lines = text.split("\n")
    cells = {(r, c): character for r, line in enumerate(lines) for c, character in enumerate(line)}
    boxes = []  # row, left, right
    for r, line in enumerate(lines):
        start = -1
        while (start := line.find("[", start + 1)) >= 0:
            boxes.append((r, start, line.find("]", start)))
    edges = []
    for k, (row, left, right) in enumerate(boxes):
        for column in range(left, right + 1):
            place, heading = (row + 1, column), "down"
            if cells.get(place, " ") not in "│╰╯▼┼":
                continue
            while cells[place] != "▼":
                heading = TURNS.get((cells[place], heading), heading)
                place = place[0] + STEPS[heading][0], place[1] + STEPS[heading][1]
            at = place[0] + 1, place[1]
            targets = [j for j, (r, a, b) in enumerate(boxes) if r == at[0] and a <= at[1] <= b]
            assert len(targets) == 1, text
            edges.append((k, targets[0]))
    return edges
