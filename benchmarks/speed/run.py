"""Measure the speed of the library against the obvious programs.

    python benchmarks/speed/run.py [--cases paper_fit predict ...] [--output benchmarks/results/speed.json]

Prints one line per measurement. A file that exists keeps the other cases, so that one can be measured again.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import cases
from harness import Machine


def main() -> None:
    known = {case.__name__: case for case in cases.ALL}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", nargs="+", choices=known, default=list(known))
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/speed.json"))
    arguments = parser.parse_args()
    machine = Machine.measure()
    print(machine)
    report = json.loads(arguments.output.read_text()) if arguments.output.exists() else {"cases": {}}
    report["machine"] = machine.describe()
    for name in arguments.cases:
        report["cases"][name] = []
        for measurement in known[name](machine):
            print(measurement, flush=True)
            report["cases"][name].append(asdict(measurement))
            arguments.output.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
