"""Writes the files of this version that later ones have to read: ``python tests/persistence/write_files.py``.

Run it where the format, or what a predictor keeps, has changed. The files of published versions stay.
"""

import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skpbnas
from skpbnas import CellSpace, GCNRankPredictor, GPRankPredictor, GraphDescriptors
from skpbnas.predictors import EnsembleRankPredictor

FOLDER = Path(__file__).parent / "files"
SPACE = CellSpace(4, ["a", "b"])


def main() -> None:
    """Fit, save, and keep what is predicted."""
    folder = FOLDER / skpbnas.__version__
    folder.mkdir(parents=True, exist_ok=True)
    X = SPACE.sample(16, np.random.default_rng(0))
    y = X[:, :16].sum(axis=1) + X @ np.linspace(0, 1, X.shape[1])
    process = GPRankPredictor(exploration=1.0).for_space(SPACE, 0)
    network = GCNRankPredictor(4, hidden_dims=(4, 4), max_iter=5, random_state=0)
    linear = make_pipeline(GraphDescriptors(4), StandardScaler(), Ridge())
    models = {
        "process": process,
        "network": network,
        "ensemble": EnsembleRankPredictor([("process", process), ("linear", linear)]),
    }
    expected = {"rows": X.tolist()}
    for name, model in models.items():
        skpbnas.save(model.fit(X, y), folder / f"{name}.skpbnas")
        expected[name] = model.predict(X).tolist()
    (folder / "expected.json").write_text(json.dumps(expected))


if __name__ == "__main__":
    main()
