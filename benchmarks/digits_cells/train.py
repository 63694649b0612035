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
from tqdm import tqdm

from skpbnas.datasets import load_digits_cells
from skpbnas.datasets.digits._training import N_IMAGES, train_digits_cell
from skpbnas.metrics import kendall_tau
from skpbnas.spaces import NASBENCH101_OPERATIONS, Cell, CellSpace

SPACE = CellSpace(5, NASBENCH101_OPERATIONS, max_edges=9)
N_REPEATS = 3
TABLE = Path(__file__).parents[1] / "skpbnas" / "datasets" / "digits" / "digits_cells.npz"
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
        if file.tell() == 0:
            writer.writeheader()
        for result in tqdm(results, total=len(todo), smoothing=0.01):
            writer.writerow(result)
            file.flush()


def assemble(path: Path) -> None:
    """Write the table in the order of ``SPACE.enumerate()`` and print what its description states."""
    results = pd.read_csv(path, dtype={"key": np.uint64}).drop_duplicates(["key", "repeat"])
    X = SPACE.enumerate()
    place = pd.MultiIndex.from_product([range(N_REPEATS), SPACE.canonical_key(X)], names=["repeat", "key"])
    results = results.set_index(["repeat", "key"]).loc[place]  # a KeyError: run is not finished
    arrays = {"rows": X, "n_images": np.array(list(N_IMAGES.values()))}
    arrays["trainable_parameters"] = results["trainable_parameters"].loc[0].to_numpy(np.int32)
    for part, n_images in N_IMAGES.items():
        for name in (part, f"half_{part}"):  # whole numbers, so that equal accuracies are exactly equal
            correct = results[f"{name}_accuracy"].to_numpy() * n_images
            arrays[f"{name}_correct"] = correct.round().astype(np.uint16).reshape(N_REPEATS, -1)
    arrays["training_seconds"] = results["training_seconds"].to_numpy(np.float32).reshape(N_REPEATS, -1)
    TABLE.parent.mkdir(exist_ok=True)
    np.savez_compressed(TABLE, **arrays)
    report()


def report() -> None:
    columns = load_digits_cells().columns

    def repeats(name: str) -> np.ndarray:
        return np.array([columns[f"{name}_{repeat}"] for repeat in range(N_REPEATS)])

    validation, seconds = repeats("validation_accuracy"), repeats("training_seconds")
    mean, test = columns["validation_accuracy"], columns["test_accuracy"]
    pairs = np.triu_indices(N_REPEATS, 1)
    best = mean >= np.quantile(mean, 0.99)
    print(f"table: {TABLE.stat().st_size / 1024:.0f} KiB, {len(mean)} cells")
    print("correlation between repeats, validation:", np.corrcoef(validation)[pairs].round(3))
    print("correlation between repeats, test:", np.corrcoef(repeats("test_accuracy"))[pairs].round(3))
    print(f"standard deviation between repeats: {validation.std(axis=0, ddof=1).mean():.4f}")
    print(f"  of the best 1 %: {validation[:, best].std(axis=0, ddof=1).mean():.4f}")
    print(f"Kendall tau, validation of repeats 0 and 1: {kendall_tau(validation[0], validation[1]):.3f}")
    print(f"Kendall tau, mean validation to mean test: {kendall_tau(test, mean):.3f}")
    for share in (0.5, 0.1):
        top = mean >= np.quantile(mean, 1 - share)
        print(f"  within the best {share:.0%} by validation: {kendall_tau(test[top], mean[top]):.3f}")
    print(f"Kendall tau, half to full training: {kendall_tau(mean, columns['half_validation_accuracy']):.3f}")
    levels = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1]
    for name in ("train_accuracy", "validation_accuracy", "test_accuracy"):
        print(f"quantiles {levels} of {name}:", np.quantile(columns[name], levels).round(4))
    print("ten best by validation:", np.sort(mean)[::-1][:10].round(4))
    print("distinct values in the best 1 %:", len(np.unique(mean[best])), "of", best.sum())
    print(f"test accuracy: best {test.max():.4f}, of the best by validation {test[mean.argmax()]:.4f}")
    print("parameters:", np.quantile(columns["trainable_parameters"], [0, 0.5, 1]))
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
