"""What a command does when something is wrong: a line for a warning or a mistake of the user, exit code 2."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

# What the library raises for a bad argument, file, table, connection or missing extra.
MISTAKES = (ValueError, KeyError, OSError, ImportError)
EXIT_CODE = 2  # that of click for an unknown option


class Commands(TyperGroup):
    """A group of commands that reports warnings and mistakes on one line each.

    Whatever else is raised is an error of the program, with its traceback and exit code 1. ``--debug`` shows
    the traceback of a mistake too.
    """

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run the command."""
        if ctx.params["debug"]:
            return super().invoke(ctx)
        try:
            with _short_warnings():
                return super().invoke(ctx)
        except MISTAKES as error:
            typer.echo(f"Error: {_message(error)}", err=True)
            raise typer.Exit(EXIT_CODE) from None


@contextmanager
def _short_warnings() -> Iterator[None]:
    """Print warnings on a line of their own, without the place in the code."""

    def show(message: Warning | str, *place: Any, **more: Any) -> None:
        typer.echo(f"\nWarning: {' '.join(str(message).split())}", err=True)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _message(error: Exception) -> str:
    """Return what an error says, on one line."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"  # without "[Errno 2]"
    message = (
        error.args[0] if isinstance(error, KeyError) and error.args else error
    )  # a KeyError quotes its message
    return " ".join(str(message).split()) or type(error).__name__
