"""One page of HTML that shows a search, and needs neither a network nor another file."""

from ._page import write_report

__all__ = ["write_report"]
