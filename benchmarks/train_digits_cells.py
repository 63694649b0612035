"""Train every cell of at most five vertices on the digits, three times, and make the bundled table.

python benchmarks/train_digits_cells.py run results.csv      # resumable; about an hour on two cores
python benchmarks/train_digits_cells.py assemble results.csv  # writes the table and prints its statistics
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import torch
from scipy.stats import kendalltau
from tqdm import tqdm

from skpbnas.datasets._digits_training import train_digits_cell
from skpbnas.spaces import NASBENCH101_OPERATIONS, Cell, CellSpace

SPACE = CellSpace(5, NASBENCH101_OPERATIONS, max_edges=9)
N_REPEATS = 3
TABLE = Path(__file__).parents[1] / "skpbnas" / "datasets" / "data" / "digits_cells.npz"
FIELDS = [
    "half_train_accuracy",
    "half_validation_accuracy",
    "half_test_accuracy",
    "train_accuracy",
    "validation_accuracy",
    "test_accuracy",
    "trainable_parameters",
    "training_seconds",
]


def train(key: int, cell: Cell, repeat: int) -> dict[str, float]:
    torch.set_num_threads(1)  # in a worker process of its own
    return {"key": key, "repeat": repeat, **train_digits_cell(cell, seed=repeat)}


def run(path: Path, n_jobs: int) -> None:
    """Train what the file does not hold yet; each result is appended as soon as it is there."""
    X = SPACE.enumerate()
    keys = SPACE.canonical_key(X).tolist()
    done: set[tuple[int, int]] = set()
    if path.exists():
        with path.open() as file:
            done = {(int(row["key"]), int(row["repeat"])) for row in csv.DictReader(file)}
    todo = [
        (key, cell, repeat)
        for repeat in range(N_REPEATS)
        for key, cell in zip(keys, SPACE.decode(X), strict=True)
        if (key, repeat) not in done
    ]
    parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    results = parallel(joblib.delayed(train)(*job) for job in todo)
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, ["key", "repeat", *FIELDS])
        if not done:
            writer.writeheader()
        for result in tqdm(results, total=len(todo), smoothing=0.01):
            writer.writerow(result)
            file.flush()


def assemble(path: Path) -> None:
    """Write the table in the order of ``SPACE.enumerate()`` and print what its description states."""
    results = pd.read_csv(path, dtype={"key": np.uint64}).drop_duplicates(["key", "repeat"])
    X = SPACE.enumerate()
    keys = SPACE.canonical_key(X)
    columns: dict[str, np.ndarray] = {}
    for repeat in range(N_REPEATS):
        part = results[results["repeat"] == repeat].set_index("key").loc[keys]
        for field in FIELDS[:6]:
            columns[f"{field}_{repeat}"] = part[field].to_numpy(np.float32)
        columns["trainable_parameters"] = part["trainable_parameters"].to_numpy(np.int32)
        columns[f"training_seconds_{repeat}"] = part["training_seconds"].to_numpy(np.float32)
    TABLE.parent.mkdir(exist_ok=True)
    np.savez_compressed(TABLE, rows=X, **columns)
    report(columns)


def report(columns: dict[str, np.ndarray]) -> None:
    def repeats(field: str) -> np.ndarray:
        return np.array([columns[f"{field}_{repeat}"] for repeat in range(N_REPEATS)])

    validation, test = repeats("validation_accuracy"), repeats("test_accuracy")
    mean, half = validation.mean(axis=0), repeats("half_validation_accuracy").mean(axis=0)
    print(f"table: {TABLE.stat().st_size / 1024:.0f} KiB, {len(mean)} cells")
    print("correlation between repeats:", np.corrcoef(validation)[np.triu_indices(N_REPEATS, 1)].round(3))
    print(f"Kendall tau between repeats 0 and 1: {kendalltau(validation[0], validation[1])[0]:.3f}")
    print(f"Kendall tau, mean validation to mean test: {kendalltau(mean, test.mean(axis=0))[0]:.3f}")
    print(f"Kendall tau, mean validation at half to full training: {kendalltau(half, mean)[0]:.3f}")
    levels = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1]
    print(f"quantiles {levels} of mean validation accuracy:", np.quantile(mean, levels).round(4))
    print("ten best:", np.sort(mean)[::-1][:10].round(4))
    seconds = repeats("training_seconds")
    print(f"seconds a training: median {np.median(seconds):.2f}, in all {seconds.sum():.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("step", choices=["run", "assemble"])
    parser.add_argument("results", type=Path)
    parser.add_argument("--n-jobs", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.step == "run":
        run(arguments.results, arguments.n_jobs)
    else:
        assemble(arguments.results)


if __name__ == "__main__":
    main()
