"""Drawings of architectures, the same in notebooks, on pages, in terminals and in matplotlib.

A notebook shows a cell as it is, ``print`` writes it as text, and ``space.draw(architecture, title)`` draws
the architectures of any space. The layout is that of Sugiyama et al. (1981): layers, dummy vertices at which
long edges pass a layer, few crossings, straight lines. No edge passes through a box, and each has a line of
its own.
"""

from ._diagram import GREY, Box, Diagram, colours

__all__ = ["GREY", "Box", "Diagram", "colours"]
