"""Diagrams as SVG, for notebooks and pages."""

from __future__ import annotations

from html import escape

from ._diagram import Diagram
from ._scene import HEIGHT, TEXT_SIZE, TITLE_SIZE, Arrow, Rectangle, Words, scene


def to_svg(diagram: Diagram) -> str:
    """Return a diagram as SVG: a ``path`` and a ``polygon`` for each edge, a ``g`` for each box."""
    shapes = scene(diagram)
    parts = [_arrow(arrow) for arrow in shapes.arrows]
    parts += [_box(rectangle) for rectangle in shapes.rectangles]
    parts += [_title(words) for words in shapes.titles]
    size = f'width="{shapes.width:.0f}" height="{shapes.height:.0f}"'
    view = f'viewBox="0 0 {shapes.width:.1f} {shapes.height:.1f}"'
    face = f'font-family="sans-serif" font-size="{TEXT_SIZE:.0f}" text-anchor="middle"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {view} {face}>{"".join(parts)}</svg>'


def _arrow(arrow: Arrow) -> str:
    start, *rest = (f"{x:.1f},{y:.1f}" for x, y in arrow.curve)
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in arrow.head)
    return (
        f'<path d="M{start} C{" ".join(rest)}" fill="none" stroke="#777" stroke-width="1.3"/>'
        f'<polygon points="{corners}" fill="#777"/>'
    )


def _box(rectangle: Rectangle) -> str:
    left, top, width, (label, colour, share) = rectangle
    place = f'x="{left:.1f}" y="{top:.1f}" height="{HEIGHT:.0f}" rx="4"'
    whole = f'width="{width:.1f}"'
    frame = f'<rect {place} {whole} fill="{colour}" stroke="#444"/>'
    if share is not None:
        bar = (
            f'<rect {place} {whole} fill="#FFF"/><rect {place} width="{width * share:.1f}" fill="{colour}"/>'
        )
        frame = f'{bar}<rect {place} {whole} fill="none" stroke="#444"/>'
    text = (
        f'<text x="{left + width / 2:.1f}" y="{top + HEIGHT / 2 + 4:.1f}" fill="#000">{escape(label)}</text>'
    )
    return f"<g>{frame}{text}</g>"


def _title(words: Words) -> str:
    place = f'x="{words.x:.1f}" y="{words.middle + 4:.1f}"'
    return f'<text {place} font-size="{TITLE_SIZE:.0f}" fill="currentColor">{escape(words.text)}</text>'
