"""NASBench-101 from another package's object in memory, told by its methods and never imported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from joblib import cpu_count

from ...spaces import NASBench101Space
from ._convert import build_table
from ._model_metrics import METRICS, RowError
from ._reader import make_batch
from ._store import NASBench101Table

_RUN = [f"{point}_{metric}" for point in ("halfway", "final") for metric in METRICS]


class _Cell(NamedTuple):
    module_hash: str | None
    adjacency: Any
    operations: Any
    parameters: Any
    computed: dict[int, list[dict[str, float]]]  # by epochs: the runs


def is_nasbench(source: object) -> bool:
    """Tell whether this is a ``nasbench.api.NASBench``, or an object with the same methods."""
    return hasattr(source, "hash_iterator") and hasattr(source, "get_metrics_from_hash")


def is_nasbenchapi(source: object) -> bool:
    """Tell whether this is a ``nasbenchapi.NASBench101``, or an object with the same methods."""
    return hasattr(source, "iter_all") and hasattr(source, "query") and hasattr(source, "op_set")


def table_from_api(source: Any, *, n_jobs: int | None = None, progress: bool = False) -> NASBench101Table:
    """Read all cells of an object of another package, and check them as those of a file.

    Raises
    ------
    ValueError
        Naming the cell and the problem.
    """
    found = list(_from_nasbench(source) if is_nasbench(source) else _from_nasbenchapi(source))
    runs = [
        (k, epochs, run)
        for k, cell in enumerate(found)
        for epochs in cell.computed
        for run in cell.computed[epochs]
    ]
    if not runs:
        raise ValueError(f"{source!r} holds no trained cells")
    values = np.full((len(runs), 3, 5), np.nan)
    # A value that is None or missing becomes NaN, which is refused below.
    metrics = np.array([[run.get(name) for name in _RUN] for _, _, run in runs], np.float64)
    values[:, 1:, 1:] = metrics.reshape(len(runs), 2, len(METRICS))
    cell = [k for k, _, _ in runs]
    used, first_row = np.unique(cell, return_index=True)
    unknown = [k for k, one in enumerate(found) if one.parameters is None]
    if unknown:
        raise ValueError(f"cell {unknown[0]} of {source!r} has no trainable_parameters")
    parameters = np.array([found[k].parameters for k in cell], np.int32)
    epochs = np.array([epochs for _, epochs, _ in runs], np.int32)
    cells = _as_text([found[k] for k in used])
    try:
        batch = make_batch(
            cells, np.searchsorted(used, cell).tolist(), epochs, values, parameters, first_row.tolist()
        )
        name = f"{type(source).__module__}.{type(source).__qualname__}"
        return build_table(batch, {"name": name}, n_jobs=n_jobs or cpu_count(), progress=progress)
    except RowError as error:
        k = cell[error.row]
        raise ValueError(
            f"cell {k} ({found[k].module_hash}), a run of {epochs[error.row]} epochs: {error.problem}"
        ) from None


def _from_nasbench(source: Any) -> Iterator[_Cell]:
    for module_hash in source.hash_iterator():
        fixed, computed = source.get_metrics_from_hash(module_hash)
        yield _Cell(
            module_hash,
            fixed["module_adjacency"],
            fixed["module_operations"],
            fixed["trainable_parameters"],
            computed,
        )


def _from_nasbenchapi(source: Any) -> Iterator[_Cell]:
    for arch in source.iter_all():
        info, computed = source.query(arch)
        # Its identifiers need not be the official hashes.
        yield _Cell(None, arch.adjacency, arch.operations, info["trainable_parameters"], computed)


def _as_text(cells: list[_Cell]) -> list[tuple[str, str, str]]:
    """Return hash, adjacency and operations as they stand in a row of an official file."""
    text = [("".join(map(str, np.ravel(c.adjacency).astype(int))), ",".join(c.operations)) for c in cells]
    hashes = [cell.module_hash for cell in cells if cell.module_hash is not None]
    if len(hashes) < len(cells):
        space = NASBench101Space()
        hashes = space.module_hash(space.encode([(c.adjacency, c.operations) for c in cells])).tolist()
    return [(module_hash, *cell) for module_hash, cell in zip(hashes, text, strict=True)]
