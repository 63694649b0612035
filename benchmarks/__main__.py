"""Measure what is missing of a page of the documentation, and write its tables.

python -m benchmarks search_methods               # or: make benchmark-search_methods
python -m benchmarks ranking/ablations --only predictor="kernel: Gaussian" seed=100
python -m benchmarks --tables                     # all tables from the results that are there
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from benchmarks.harness import Experiment, update_readme, write_tables

PAGES = sorted(path.parent.name for path in Path(__file__).parent.glob("*/__init__.py"))
PAGES.remove("harness")


def experiments(name: str) -> list[Experiment]:
    """Return those of a page, or the one that is named as PAGE/EXPERIMENT."""
    page, _, one = name.partition("/")
    if page not in PAGES:
        raise SystemExit(f"{page!r} is no page with benchmarks; there are {', '.join(PAGES)}")
    found: tuple[Experiment, ...] = import_module(f"benchmarks.{page}").EXPERIMENTS
    if one and one not in (known := [experiment.name for experiment in found]):
        raise SystemExit(f"{page} has no experiment {one!r}; there are {', '.join(known)}")
    return [experiment for experiment in found if one in ("", experiment.name)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="PAGE[/EXPERIMENT]")
    parser.add_argument("--only", nargs="+", metavar="KEY=VALUE", default=[], help="measure these jobs alone")
    parser.add_argument("--again", action="store_true", help="measure jobs again that have results")
    parser.add_argument("--tables", action="store_true", help="measure nothing")
    parser.add_argument("--jobs", type=int, default=1, help="processes; 1 where seconds are measured")
    arguments = parser.parse_args()
    if not arguments.names and not arguments.tables:
        parser.error(f"name a page ({', '.join(PAGES)}), or give --tables for the tables of all")
    wanted = dict(pair.split("=", 1) for pair in arguments.only)
    for experiment in [one for name in arguments.names or PAGES for one in experiments(name)]:
        jobs = [job for job in experiment.jobs if all(str(job.get(k)) == v for k, v in wanted.items())]
        if not arguments.tables:
            if arguments.again and experiment.run:
                experiment.forget(jobs)
            experiment.measure(jobs, arguments.jobs)
        if missing := experiment.missing(experiment.jobs):
            name = f"{experiment.page}/{experiment.name}"
            print(f"{name}: {len(missing)} of {len(experiment.jobs)} runs have no results yet")
        if experiment.path.exists():
            write_tables(experiment)
    update_readme()


if __name__ == "__main__":
    main()
