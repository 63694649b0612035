"""The commands together, and the options that stand before all of them."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import __version__
from ._demo import demo
from ._mistakes import Commands
from ._nasbench101 import app as nasbench101
from ._reproduce import reproduce
from ._search import resume, search
from ._show import compare, report, show

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Predictor-based neural architecture search.",
)
for command in (demo, search, resume, show, report, compare, reproduce):
    app.command()(command)
app.add_typer(nasbench101, name="nasbench101")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"skpbnas {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
) -> None:
    """Take the options of all commands; `Commands` reads ``debug``."""


def main() -> None:
    """Run the command line."""
    app()
