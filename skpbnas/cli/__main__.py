"""``python -m skpbnas.cli``."""

from ._app import main

main()
