"""The command line, ``skpbnas``: see ``skpbnas --help``."""

try:
    import typer  # noqa: F401
except ImportError as error:
    raise SystemExit("the command line needs typer; install it with: pip install 'skpbnas[cli]'") from error

from ._app import app, main

__all__ = ["app", "main"]
