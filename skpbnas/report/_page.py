"""Write the page: its parts are HTML, its numbers are data for the script."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import __version__
from .._files import replacing
from ._data import Results, as_json, page_data
from ._sections import Page

N_DRAWINGS = 12


def write_report(
    search: Results,
    path: str | os.PathLike[str],
    *,
    score_name: str = "score",
    title: str | None = None,
    all_scores: ArrayLike | None = None,
    control: Results | None = None,
    n_evaluations: int | None = None,
    configuration: Mapping[str, str] | None = None,
) -> Path:
    """Write one page of HTML that shows a search: in one file, which works without a network.

    It has the recommended architecture, the best ones as drawings, the convergence or the front, all
    evaluations as a table that can be sorted, the configuration, and the trainings that were saved as far as
    they can be known.

    Parameters
    ----------
    search : PredictorBasedSearch or SavedResults
        One that has evaluated something; :func:`~skpbnas.search.read_results` reads one that still runs.
    path : path
        The file, which is replaced where it exists.
    score_name : str, default="score"
        What the score is, such as ``"validation accuracy"``.
    title : str, default=None
        None names the space.
    all_scores : array-like of shape (n_architectures,), default=None
        The scores of all architectures of a table: they tell what random search finds, exactly.
    control : PredictorBasedSearch or SavedResults, default=None
        A search to compare with, such as one with ``predictor="random"``.
    n_evaluations : int, default=None
        The budget, where the search may not have spent it.
    configuration : mapping of str to str, default=None
        What the page lists of the configuration. None lists the parameters of the search.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        Where nothing has been evaluated, or control has several objectives and search one.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skpbnas import PredictorBasedSearch
    >>> from skpbnas.datasets import load_digits_cells
    >>> from skpbnas.report import write_report
    >>> table = load_digits_cells()
    >>> search = PredictorBasedSearch(table.space, random_state=0)
    >>> search = search.run(table.objective("validation_accuracy"), 12)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_report(search, Path(folder) / "report.html", score_name="validation accuracy")
    ...     path.read_text(encoding="utf-8")[:15]
    '<!DOCTYPE html>'
    """
    history = search.history_
    if history.empty:
        raise ValueError("nothing has been evaluated yet; there is nothing to report")
    if control is not None and ("on_front" in history or "on_front" in control.history_):
        raise ValueError(
            "control= compares best scores; with several objectives there are none: leave it out"
        )
    page = Page(search, score_name, _finite(all_scores), control, n_evaluations, configuration)
    resources = files(__package__)
    text = Template(resources.joinpath("page.html").read_text(encoding="utf-8")).substitute(
        title=escape(title or f"Search of {search.space!r}"),
        status=escape(page.status()),
        facts=page.facts(),
        sections="\n".join(page.sections(N_DRAWINGS)),
        version=__version__,
        date=datetime.now().strftime("%Y-%m-%d %H:%M"),
        style=resources.joinpath("page.css").read_text(encoding="utf-8"),
        script=resources.joinpath("page.js").read_text(encoding="utf-8"),
        data=as_json(page_data(search, score_name, page.all_scores, control)),
    )
    path = Path(path)
    with replacing(path) as part:
        part.write(text.encode())
    return path


def _finite(scores: ArrayLike | None) -> NDArray[np.float64] | None:
    if scores is None:
        return None
    known = np.asarray(scores, np.float64).ravel()
    known = known[np.isfinite(known)]
    if not len(known):
        raise ValueError("all_scores holds no number; leave it out")
    return known
