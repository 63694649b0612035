"""Diagrams as text, for terminals: box-drawing characters, in which ``┼`` is a crossing and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from ._diagram import Diagram, Part
from ._layout import Layout, Spacing, layout

_SPACING = Spacing(boxes=4, lanes=4, ports=4)
_BETWEEN_PARTS = 6
_BAR = 10  # characters of the longest bar
_CROSSED = {"│─": "┼", "─│": "┼"}
_ASCII = str.maketrans("│─╭╮╰╯┼▼█░", "|-..''+v#.")

Bend = tuple[int, int]  # the column of a line at the top and at the bottom of a gap


class Canvas:
    """Lines of characters that grow as they are written to."""

    def __init__(self) -> None:
        self.lines: list[list[str]] = []

    def put(self, row: int, column: int, text: str) -> None:
        """Write a text; a line that is written over another one crosses it."""
        while len(self.lines) <= row:
            self.lines.append([])
        line = self.lines[row]
        line.extend(" " * (column + len(text) - len(line)))
        for k, character in enumerate(text, start=column):
            line[k] = _CROSSED.get(line[k] + character, character)

    def __str__(self) -> str:
        return "\n".join("".join(line).rstrip() for line in self.lines)


def to_text(diagram: Diagram) -> str:
    """Return a diagram as lines of text."""
    blocks = [[*_heading(part), *_draw(part).split("\n")] for part in diagram.parts]
    widths = [max(map(len, block)) + _BETWEEN_PARTS for block in blocks]
    height = max(map(len, blocks), default=0)
    lines = [diagram.title] if diagram.title else []
    for k in range(height):
        cells = [(block[k] if k < len(block) else "") for block in blocks]
        lines.append("".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip())
    return _as_shown("\n".join(lines))


def _as_shown(text: str) -> str:
    """Return a text in ASCII where standard output has no box-drawing characters."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return text.translate(_ASCII)
    return text


def _heading(part: Part) -> list[str]:
    return [f"{part.name}:"] if part.name else []


def _draw(part: Part) -> str:
    labels = [box.label if box.share is None else f"{box.label} {_bar(box.share)}" for box in part.boxes]
    widths = part.widened(
        [len(label) + 3 + (len(label) + 3) % 2 for label in labels]
    )  # even, with one bracket
    place = layout(part.adjacency, widths, _SPACING, whole=True)
    canvas = Canvas()
    row = 0
    for k in range(place.n_layers):
        for left, right, layer, label in zip(place.left, place.right, place.layer, labels, strict=True):
            if layer == k:
                canvas.put(row, int(left), f"[{label:^{int(right - left) - 1}}]")
        for column in _passing(place, k):
            canvas.put(row, column, "│")
        row = _draw_gap(canvas, row + 1, *_gap(place, k))
    return str(canvas)


def _bar(share: float) -> str:
    filled = round(share * _BAR)
    return "█" * filled + "░" * (_BAR - filled)


def _passing(place: Layout, k: int) -> Iterable[int]:
    """Return the columns of the edges that pass layer k."""
    for (source, target), track in zip(place.edges, place.tracks, strict=True):
        if place.layer[source] < k < place.layer[target]:
            yield int(track[k - place.layer[source]])


def _gap(place: Layout, k: int) -> tuple[list[Bend], list[int]]:
    """Return the lines below layer k, and the columns of those that end in the next."""
    bends, ends = [], []
    for (source, target), track in zip(place.edges, place.tracks, strict=True):
        step = k - place.layer[source]
        if 0 <= step < len(track) - 1:
            bends.append((int(track[step]), int(track[step + 1])))
            if place.layer[target] == k + 1:
                ends.append(bends[-1][1])
    return bends, ends


def _draw_gap(canvas: Canvas, row: int, bends: list[Bend], ends: list[int]) -> int:
    """Draw lines between two layers, and return the row below them.

    Each row moves as many lines sideways as do not meet. No line moves to a column from which another has
    yet to move; where lines wait for each other, one of them steps aside first.
    """
    waiting = [bend for bend in bends if bend[0] != bend[1]]
    # Of lines that go the same way the first one moves first, and so does not cross those behind it.
    waiting.sort(key=lambda bend: -bend[0] if bend[0] < bend[1] else bend[0])
    settled = [start for start, end in bends if start == end]
    while waiting:
        moves = _moves(waiting)
        if not moves:
            moves = [(waiting[0][0], _free_column(waiting, settled))]
        starts = {start: end for start, end in moves}
        for column in [*settled, *(start for start, _ in waiting if start not in starts)]:
            canvas.put(row, column, "│")
        for start, end in moves:
            low, high = min(start, end), max(start, end)
            canvas.put(row, low, "╰" if start < end else "╭")
            canvas.put(row, low + 1, "─" * (high - low - 1))
            canvas.put(row, high, "╮" if start < end else "╯")
        waiting = [(starts.get(start, start), end) for start, end in waiting]
        settled += [end for start, end in waiting if start == end]
        waiting = [(start, end) for start, end in waiting if start != end]
        row += 1
    for column in settled:
        canvas.put(row, column, "▼" if column in ends else "│")
    return row + bool(bends)


def _moves(waiting: list[Bend]) -> list[Bend]:
    """Return lines that can move sideways in one row."""
    starts = [start for start, _ in waiting]
    moves: list[Bend] = []
    for bend in waiting:
        apart = all(max(bend) + 1 < min(other) or max(other) + 1 < min(bend) for other in moves)
        if apart and bend[1] not in starts:
            moves.append(bend)
    return moves


def _free_column(waiting: list[Bend], settled: list[int]) -> int:
    """Return the column nearest to the first line that no line comes from or goes to."""
    used = {column for bend in waiting for column in bend}.union(settled)
    free = [column for column in range(max(used) + 3) if column not in used]
    return min(free, key=lambda column: abs(column - waiting[0][0]))
