"""Numbers of docs/other_tables.rst."""

from . import fuzz_readers

EXPERIMENTS = (fuzz_readers.EXPERIMENT,)
