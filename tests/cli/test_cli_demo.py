"""The demo: honest numbers, and one picture."""

import numpy as np
import pandas as pd
from typer.testing import CliRunner

from skpbnas.cli import _demo
from skpbnas.cli._app import app


def test_the_demo_draws_one_picture_and_says_what_to_do_next(tmp_path, monkeypatch):
    monkeypatch.setattr(_demo, "N_EVALUATIONS", 8)
    result = CliRunner().invoke(app, ["demo", "--seeds", "2", "--output", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "[ input ]" in result.output.replace("  ", "") and "trainings saved" in result.output
    assert "skpbnas search --space nasbench101 --train digits" in result.output
    assert (tmp_path / "out" / "search.png").read_bytes().startswith(b"\x89PNG")
    assert len(pd.read_csv(tmp_path / "out" / "seed1.csv")) == 8


def test_trainings_saved_are_counted_at_the_score_that_half_of_the_searches_reach():
    scores = np.arange(1, 101) / 100
    curves = [[0.3, 0.5, 1.0, 1.0], [0.5, 0.5, 0.5, 0.98], [0.1, 0.98, 0.98, 0.98]]
    saved = _demo.trainings_saved(curves, scores)
    assert (saved.score, saved.search) == (0.98, 3)
    # Three of a hundred have it: half of all random orders have one of them among the first 20 or 21.
    none = [np.prod([(97 - j) / (100 - j) for j in range(k)]) for k in (saved.random - 1, saved.random)]
    assert none[0] > 0.5 >= none[1]


def test_random_search_itself_saves_next_to_nothing(rng):
    scores = rng.random(400)
    curves = [np.maximum.accumulate(rng.permutation(scores)[:40]) for _ in range(401)]
    saved = _demo.trainings_saved(curves, scores)
    assert 20 < saved.search <= 40 and 20 < saved.random < 60
