"""Train every cell of at most five vertices on the digits, three times, and write the bundled table.

python -m benchmarks.digits_cells.train --jobs 2     # resumable; about an hour on two cores
"""

from __future__ import annotations

import argparse
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

import skpbnas.datasets.digits
from benchmarks.harness import Experiment, grid
from skpbnas.datasets.digits._training import N_IMAGES, train_digits_cell
from skpbnas.spaces import NASBENCH101_OPERATIONS, Cell, CellSpace

SPACE = CellSpace(5, NASBENCH101_OPERATIONS, max_edges=9)
N_REPEATS = 3
TABLE = Path(skpbnas.datasets.digits.__file__).with_name("digits_cells.npz")


@cache
def cells() -> dict[int, Cell]:
    """Return every cell by its key, in the order of the table."""
    X = SPACE.enumerate()
    return dict(zip(SPACE.canonical_key(X).tolist(), SPACE.decode(X), strict=True))


def run(repeat: int, key: int) -> dict[str, float]:
    """Train one cell."""
    return train_digits_cell(cells()[key], seed=repeat)


def write_table(results: pd.DataFrame) -> None:
    """Write the table in the order of ``SPACE.enumerate()``."""
    place = pd.MultiIndex.from_product([range(N_REPEATS), cells()], names=["repeat", "key"])
    results = results.set_index(["repeat", "key"]).loc[place]
    arrays = {"rows": SPACE.enumerate(), "n_images": np.array(list(N_IMAGES.values()))}
    arrays["trainable_parameters"] = results["trainable_parameters"].loc[0].to_numpy(np.int32)
    for part, n_images in N_IMAGES.items():
        for name in (part, f"half_{part}"):  # whole numbers, so that equal accuracies are exactly equal
            correct = results[f"{name}_accuracy"].to_numpy() * n_images
            arrays[f"{name}_correct"] = correct.round().astype(np.uint16).reshape(N_REPEATS, -1)
    arrays["training_seconds"] = results["training_seconds"].to_numpy(np.float32).reshape(N_REPEATS, -1)
    np.savez_compressed(TABLE, **arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    # The results stay out of the repository: the bundled table holds all of them.
    trainings = Experiment(__file__, {}, grid(repeat=range(N_REPEATS), key=cells()), run, digits=9)
    trainings.measure(trainings.jobs, parser.parse_args().jobs)
    write_table(pd.read_csv(trainings.path, dtype={"key": np.uint64}))


if __name__ == "__main__":
    main()
