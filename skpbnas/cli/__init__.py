"""The command line: ``skpbnas search``, ``skpbnas nasbench101`` and ``skpbnas reproduce``."""

from ._search import app, main

__all__ = ["app", "main"]
