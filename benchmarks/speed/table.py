"""Write the results as a table for the documentation.

python benchmarks/speed/table.py benchmarks/results/speed.json docs/speed.csv
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

HEADER = ["Case", "Size", "Seconds", "Reference", "Ratio", "Share of the limit", "Goal", "Note"]


def main(source: Path, target: Path) -> None:
    report = json.loads(source.read_text())
    with target.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for line in (line for lines in report["cases"].values() for line in lines):
            reference, limit = line["reference_seconds"], line["limit_seconds"]
            writer.writerow([
                line["case"],
                line["size"],
                f"{line['seconds']:.3g}",
                line["reference"],
                f"{reference / line['seconds']:.3g}" if reference else "",
                f"{100 * limit / line['seconds']:.0f} %" if limit else "",
                line["goal"],
                line["note"],
            ])  # fmt: skip


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
