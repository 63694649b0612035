"""The best network of a search as files: the network itself, and a card that says what is known of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING, Any

import typer

from ..search import PredictorBasedSearch
from ._effort import Effort
from ._own import load_function, load_own, raised
from ._task import Task

if TYPE_CHECKING:
    from torch import Tensor, nn

_FILE = '''"""The network that a search of skpbnas has found: {architecture}

`load()` builds it with {build} and gives it the weights in {weights}.
"""

from pathlib import Path

import numpy as np
import torch
{imports}

ROW = np.array([{row}], np.{dtype})


def load():
    network = {call}({space}.decode(ROW)[0])
    weights = torch.load(Path(__file__).with_name("{weights}"), weights_only=True)
    {network}.load_state_dict(weights)
    return {network}.eval()
'''
_WEIGHTS = "model_state.pt"


def load_builder(text: str, has_costs: object) -> Callable[..., Any]:
    """Return the function that builds the network of an architecture."""
    if has_costs:
        raise ValueError(
            "--build writes the best network, and with --cost there is a front and no single best"
        )
    return load_function("--build", text)


def write_model(
    build: Callable[..., Any], search: PredictorBasedSearch, task: Task, effort: Effort, folder: Path
) -> None:
    """Write the network of the recommended architecture, and its model card.

    What ``build`` returns is a torch module, or the module and an example of its input. With an example the
    network is exported to ``model.pt2``, which needs PyTorch alone; else its weights and a Python file that
    builds it are written.
    """
    history = search.history_
    if "on_front" in history or not history["score"].notna().any():
        reason = "there are several objectives" if "on_front" in history else "every training has failed"
        typer.echo(f"No network is written: {reason}, and so there is no best architecture.")
        return
    module, example = _built(build, search.recommended_architecture_, effort)
    files = _export(module, example, folder) if example is not None else None
    if files is None:
        files = _write_state(module, search, task, effort, example is not None, folder)
    (folder / "MODEL_CARD.md").write_text(
        _card(module, example, search, task, effort, files), encoding="utf-8"
    )
    typer.echo(f"The network is in {folder / files[0]}, described in {folder / 'MODEL_CARD.md'}.")


def _built(build: Callable[..., Any], architecture: Any, effort: Effort) -> tuple[nn.Module, Any]:
    from torch import nn

    try:
        made = build(architecture)
    except Exception as error:
        raise ValueError(
            f"--build {effort.build}: building the best architecture raised {raised(error)}; everything else "
            f"is saved, and 'skpbnas resume' builds again"
        ) from error
    module, example = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
    if not isinstance(module, nn.Module):
        raise ValueError(
            f"--build {effort.build} returned a {type(module).__name__}; it must return a torch.nn.Module, "
            f"or "
            f"one and an example of its input"
        )
    return module.eval(), example


def _inputs(example: Any) -> tuple[Tensor, ...]:
    return tuple(example) if isinstance(example, tuple | list) else (example,)


def _export(module: nn.Module, example: Any, folder: Path) -> list[str] | None:
    """Write ``model.pt2``, for any number of examples where that is possible; None where it cannot be."""
    import torch

    inputs = _inputs(example)
    any_number = tuple({0: torch.export.Dim("n", min=1)} if value.ndim else None for value in inputs)
    failure: Exception | None = None
    for shapes in (any_number, None):
        try:
            exported = torch.export.export(module, inputs, dynamic_shapes=shapes)
        except Exception as error:  # whatever tracing cannot follow
            failure = error
            continue
        torch.export.save(exported, folder / "model.pt2")
        return ["model.pt2"]
    first = str(failure).strip().partition("\n")[0]
    typer.echo(
        f"The network cannot be exported ({type(failure).__name__}: {first:.200}); its weights are written."
    )
    return None


def _write_state(
    module: nn.Module, search: PredictorBasedSearch, task: Task, effort: Effort, is_pair: bool, folder: Path
) -> list[str]:
    import torch

    torch.save(module.state_dict(), folder / _WEIGHTS)
    row = search.recommendation_.row
    imports, space = (
        _imported("space", task.space)
        if task.space != "nasbench101"
        else (
            "from skpbnas import NASBench101Space",
            "NASBench101Space()",
        )
    )
    build_import, call = _imported("build", effort.build)
    text = _FILE.format(
        architecture=search.space.describe(search.recommended_architecture_),
        build=str(effort.build).replace(":", "."),
        weights=_WEIGHTS,
        imports="\n".join(sorted({imports, build_import})),
        row=row.tolist(),
        dtype=row.dtype.name,
        call=call,
        space=space,
        network="network[0]" if is_pair else "network",
    )
    (folder / "model.py").write_text(text, encoding="utf-8")
    return ["model.py", _WEIGHTS]


def _imported(option: str, text: str | None) -> tuple[str, str]:
    """Return the line that imports an object of the user's, and how it is then written."""
    assert text is not None
    module, _, name = text.partition(":")
    is_made = option == "space" and callable(load_own("--space", text))
    return f"import {module}", f"{module}.{name}{'()' if is_made else ''}"


# ---------------------------------------------------------------------------------------- the card


def _card(
    module: nn.Module,
    example: Any,
    search: PredictorBasedSearch,
    task: Task,
    effort: Effort,
    files: list[str],
) -> str:
    found, history = search.recommendation_, search.history_
    failed, repeats = int(history["score"].isna().sum()), int((history["repeat"] > 0).sum())
    score = f"{found.score:.6g}, expected"
    if found.n_evaluations > 1:
        score += (
            f" (90 % in {found.interval[0]:.6g} to {found.interval[1]:.6g}, {found.n_evaluations} trainings)"
        )
    score += f"; the highest that was seen: {search.best_score_:.6g}"
    lines = {
        "Data": effort.data or "not stated; give `--data`",
        "Score": score,
        "Objective": _documented(task.objective) if task.objective else f"`--train {task.train}`",
        "Trainings counted": f"{len(history)} of {effort.budget}, {failed} failed, {repeats} repeats",
        "Seconds of training": f"{history['evaluation_seconds'].sum():.0f}",
        "Costs": _costs(module, example),
        "Seed": str(task.seed),
        "Search": " ".join(word for option in task.options().items() for word in option),
        "Built by": f"`{effort.build}`",
        "Versions": _versions(),
        "Date": date.today().isoformat(),
    }
    table = "\n".join(f"| {name} | {_cell(value)} |" for name, value in lines.items())
    drawing = search.space.draw(found.architecture)
    return f"""# Model card

The best network of an architecture search with skpbnas: {search.space.describe(found.architecture)}

| | |
| --- | --- |
{table}

## Architecture

```
{drawing}
```

## Load it

```python
{_loading(files)}
```

## What is not known

The score is that of the objective, on which the architecture was chosen among {len(history)} trainings.
It says nothing of the weights in this folder, which `{effort.build}` made. Measure the network on data that
neither the search nor its training has seen before you report or use it.
"""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _documented(objective: str) -> str:
    documentation = (getattr(load_own("--objective", objective), "__doc__", None) or "").strip()
    return f"`{objective}`" + (f": {documentation.splitlines()[0]}" if documentation else "")


def _costs(module: nn.Module, example: Any) -> str:
    from ..nn import count_costs

    trainable = sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
    if example is None:
        return f"{trainable:,} trainable parameters"
    try:
        costs = count_costs(module, _inputs(example))
    except Exception:  # a module that cannot be copied, or runs only as it was exported
        return f"{trainable:,} trainable parameters"
    n = len(_inputs(example)[0])
    return (
        f"{costs.parameters:,} trainable parameters; for {n} example{'s' if n > 1 else ''} {costs.flops:,} "
        f"FLOPs, "
        f"{costs.memory:,} bytes"
    )


def _versions() -> str:
    names = ("skpbnas", "torch", "numpy", "scikit-learn")
    return ", ".join([f"Python {python_version()}", *(f"{name} {version(name)}" for name in names)])


def _loading(files: list[str]) -> str:
    if files == ["model.pt2"]:
        return 'import torch\n\nnetwork = torch.export.load("model.pt2").module()  # needs PyTorch alone'
    return (
        "from model import load  # in this folder; what model.py imports must be found, too\n\n"
        "network = load()"
    )
