"""``skpbnas nasbench101``: download, convert and inspect the official files of NASBench-101."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ..datasets.nasbench101._benchmark import NASBench101Benchmark
from ..datasets.nasbench101._convert import N_OFFICIAL_CELLS
from ..datasets.nasbench101._download import OFFICIAL_FILES, download_nasbench101
from ..datasets.nasbench101._load import convert as convert_path
from ..datasets.nasbench101._load import find_file, load_table

app = typer.Typer(
    help="Download, convert and inspect the official files of NASBench-101.", no_args_is_help=True
)

_File = Annotated[
    Path, typer.Argument(help="nasbench_only108.tfrecord, nasbench_full.tfrecord, or one like them.")
]


@app.command()
def download(
    which: Annotated[str, typer.Argument(help="only108 (499 MiB) or full (1.94 GiB).")] = "only108",
    folder: Annotated[Path | None, typer.Option(help="Where to put it; the cache folder by default.")] = None,
) -> None:
    """Download an official file, or go on with an interrupted download; its SHA-256 is checked."""
    typer.echo(download_nasbench101(which, folder))


@app.command()
def convert(
    file: _File,
    output: Annotated[Path | None, typer.Option(help="The table; beside FILE by default.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Processes; one per core by default.")] = None,
) -> None:
    """Convert an official file into a table that opens at once."""
    table, store = convert_path(file, output, n_jobs=jobs, progress=True)
    typer.echo(f"{store}: {len(table)} cells, {store.stat().st_size / 1e6:.0f} MB")


@app.command()
def info(
    file: Annotated[
        Path | None,
        typer.Argument(help="An official file or its table; by default as load_nasbench101 finds it."),
    ] = None,
    best: Annotated[int, typer.Option(help="How many of the best cells to show.")] = 3,
) -> None:
    """Print counts, epochs, the best cells, the checksum, and whether it is the complete official data."""
    path = find_file() if file is None else file
    table = load_table(path, progress=True)
    table.verify()
    for line in describe(NASBench101Benchmark(table), best):
        typer.echo(line)


def describe(benchmark: NASBench101Benchmark, n_best: int) -> Iterator[str]:
    """Yield the lines that ``info`` prints."""
    source, n_repeats = benchmark.source, benchmark.n_repeats
    names = [name for name, official in OFFICIAL_FILES.items() if official.sha256 == source.get("sha256")]
    yield f"source          {source['name']}, {source.get('size', 0):,} bytes"
    yield f"SHA-256         {source.get('sha256', 'none: read from memory')}"
    yield f"cells           {len(benchmark):,} of {N_OFFICIAL_CELLS:,}"
    yield f"epochs          {', '.join(map(str, sorted(benchmark.valid_epochs)))}"
    yield f"repeats         {n_repeats.min()} to {n_repeats.max()}, {n_repeats.sum():,} runs in all"
    yield f"all cells       {'yes, each with its official hash' if benchmark.is_official else 'no'}"
    yield f"official file   {f'yes, nasbench_{names[0]}.tfrecord' if names else 'no: another SHA-256'}"
    for k in np.argsort(-benchmark.columns["mean_validation_accuracy"])[:n_best]:
        validation, test = (benchmark.columns[f"mean_{part}_accuracy"][k] for part in ("validation", "test"))
        cell = benchmark.space.decode(benchmark.X[k : k + 1])[0]
        yield f"\nvalidation accuracy {validation:.4f}, test accuracy {test:.4f} (means)\n{cell}"
