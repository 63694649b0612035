"""Estimators in files: what comes back, what is refused, and that nothing is run."""

import io
import json
import re
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import (
    AdaBoostRegressor,
    BaggingRegressor,
    ExtraTreesRegressor,
    HistGradientBoostingRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVR

import skpbnas
from skpbnas import CellSpace, ChainSpace, GCNRankPredictor, GPRankPredictor, GraphDescriptors
from skpbnas.datasets import DataFileError
from skpbnas.predictors import EnsembleRankPredictor, ensemble_predictor, paper_predictor

SPACE = CellSpace(5, ["a", "b"])
X = SPACE.sample(60, np.random.default_rng(0))
y = X[:, :25].sum(axis=1) + X @ np.linspace(0, 1, 45)

trees = ExtraTreesRegressor(5, max_depth=4, random_state=0)
ESTIMATORS = {
    "process": GPRankPredictor(5, exploration=1.0),
    "network": GCNRankPredictor(5, (4, 4), max_iter=3, n_estimators=2, random_state=0),
    "paper": paper_predictor(5, hidden_dims=(8,), max_iter=3, random_state=np.random.RandomState(3)),
    "ensemble": ensemble_predictor(5, 0).set_params(
        trees__extratreesregressor__n_estimators=3, networks__max_iter=2, networks__hidden_dims=(4,)
    ),
    "pipeline": make_pipeline(GraphDescriptors(5), FunctionTransformer(np.cbrt), StandardScaler(), SVR()),
    "dropped": EnsembleRankPredictor(
        [("ridge", Ridge()), ("out", "drop"), ("trees", trees)], weights=[1, 2, 2]
    ),
    "bagged": BaggingRegressor(n_estimators=3, max_features=0.5, random_state=0),
    "boosted": AdaBoostRegressor(n_estimators=3, random_state=0),
    "kernels": GaussianProcessRegressor(RBF(2.0) + WhiteKernel(), optimizer=None),
    "categories": make_pipeline(OneHotEncoder(dtype=np.float32, handle_unknown="ignore"), Ridge()),
}
each = pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)


def description(estimator) -> str:
    return re.sub("0x[0-9A-F]+", "", repr(estimator))


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "model.skpbnas"


@each
def test_a_fitted_estimator_comes_back_to_the_bit(estimator, path):
    fitted = clone(estimator).fit(X, y)
    skpbnas.save(fitted, path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = skpbnas.load(path)
    assert description(loaded) == description(fitted)
    np.testing.assert_array_equal(loaded.predict(X), fitted.predict(X))
    np.testing.assert_array_equal(clone(loaded).fit(X, y).predict(X), clone(fitted).fit(X, y).predict(X))


@each
def test_an_estimator_that_is_not_fitted_comes_back_unfitted(estimator, path):
    skpbnas.save(estimator, path)
    assert description(skpbnas.load(path)) == description(estimator)


def test_names_of_columns_and_shared_parts_come_back(path):
    frame = pd.DataFrame(X, columns=SPACE.get_feature_names_out())
    model = EnsembleRankPredictor([("process", GPRankPredictor()), ("ridge", Ridge())]).fit(frame, y)
    skpbnas.save(model, path)
    loaded = skpbnas.load(path)
    assert loaded.named_estimators_["process"] is loaded.estimators_[0]
    np.testing.assert_array_equal(loaded.estimators_[0].feature_names_in_, frame.columns)
    np.testing.assert_array_equal(loaded.predict(frame), model.predict(frame))
    with pytest.raises(ValueError, match="feature names"):
        loaded.estimators_[0].predict(frame[frame.columns[::-1]])


@pytest.mark.parametrize("targets", ["ranks", "values"])
def test_a_process_that_knows_layers_and_extra_columns_comes_back(targets, path):
    space = ChainSpace([range(8), [1, None], ["x", "y"]])
    rng = np.random.default_rng(0)
    rows = np.hstack([space.sample(30, rng), rng.random((30, 1))])
    model = GPRankPredictor(extra=["cost"], targets=targets).for_space(space, 0)
    model.fit(rows, rng.random(30), prior=[(rows[:9], rng.random(9))])
    skpbnas.save(model, path)
    np.testing.assert_array_equal(skpbnas.load(path).predict(rows), model.predict(rows))


class Own(BaseEstimator):
    """An estimator that is of no library."""


@pytest.mark.parametrize(
    ("estimator", "place"),
    [
        (make_pipeline(StandardScaler(), Own()), r"Pipeline\['steps'\]\[1\]\[1\] is Own\(\)"),
        (FunctionTransformer(print), r"FunctionTransformer\['func'\] is <built-in function print>"),
        (FunctionTransformer(lambda X: X), "FunctionTransformer.*<lambda>"),
        (HistGradientBoostingRegressor(max_iter=1).fit(X, y), "HistGradientBoostingRegressor.*joblib.dump"),
        (Own, "give an estimator"),
        ({"a": 1}, "give an estimator"),
    ],
)
def test_what_cannot_be_read_back_is_not_saved(estimator, place, path):
    path.write_text("before")
    with pytest.raises(TypeError, match=place):
        skpbnas.save(estimator, path)
    assert path.read_text() == "before" and len(list(path.parent.iterdir())) == 1


# ------------------------------------------------------------------------------------- hostile files


def rewritten(path: Path, change) -> None:
    """Change the document of a file, with checksums that fit."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    document = json.loads(entries["estimator.json"])
    change(document, entries)
    entries["estimator.json"] = json.dumps(document).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def attribute(document, cls: str, name: str, value) -> None:
    """Set an attribute of the objects of a class."""
    for found, state in document["objects"]:
        if found.endswith(cls):
            state[1:] = [pair for pair in state[1:] if pair[0] != name] + [[name, value]]


def with_array(entries, number: int, array, **options) -> None:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, **options)
    entries[f"arrays/{number}.npy"] = stream.getvalue()


class Evil:
    def __reduce__(self):
        return print, ("run",)


HOSTILE = {
    "another class": lambda d, e: d["objects"].__setitem__(0, ["subprocess:Popen", ["dict"]]),
    "a function as a class": lambda d, e: d["objects"].__setitem__(0, ["os:system", ["dict"]]),
    "a class of a test": lambda d, e: d["objects"].__setitem__(0, ["sklearn.tests.test_base:K", ["dict"]]),
    "a module of a package": lambda d, e: d["objects"].__setitem__(0, ["sklearn.base:sys", ["dict"]]),
    "a function": lambda d, e: attribute(d, "FunctionTransformer", "func", ["function", "os:system"]),
    "a loader": lambda d, e: attribute(d, "FunctionTransformer", "func", ["function", "numpy:load"]),
    "pickled objects": lambda d, e: with_array(e, 0, np.array([Evil()], object), allow_pickle=True),
    "an array of objects": lambda d, e: with_array(e, 0, np.zeros(3, "O"), allow_pickle=True),
    "an endless structure": lambda d, e: d["objects"].__setitem__(0, [d["objects"][0][0], ["object", 0]]),
    "a deep structure": lambda d, e: d.update(estimator=json.loads("[" * 900 + "]" * 900)),
    "no estimator": lambda d, e: d.update(estimator=["list", 1, 2]),
    "another format": lambda d, e: d.update(format="something"),
    "a missing array": lambda d, e: d.update(arrays=d["arrays"] + 1),
    "a negative number": lambda d, e: d.update(estimator=["object", -1]),
    "attributes that are none": lambda d, e: d["objects"].__setitem__(0, [d["objects"][0][0], ["list", 1]]),
    "a mapping": lambda d, e: d.update(estimator={"object": 0}),
    "a huge array": lambda d, e: e.__setitem__(
        "arrays/0.npy", e["arrays/0.npy"].replace(b"'shape': (", b"'shape': (99999999999,")
    ),
    "a tree without end": lambda d, e: change_trees(d, e, "left_child", 0),
    "a child that is not there": lambda d, e: change_trees(d, e, "right_child", 10**6),
    "a feature that is not there": lambda d, e: change_trees(d, e, "feature", 10**6),
    "fewer columns than its trees": lambda d, e: attribute(d, "ExtraTreesRegressor", "n_features_in_", 2),
    "a network larger than its weights": lambda d, e: enlarge_network(d),
}


def change_trees(document, entries, field: str, value: int) -> None:
    for name, content in entries.items():
        if name.endswith(".npy"):
            array = np.lib.format.read_array(io.BytesIO(content))
            if field in (array.dtype.names or ()):
                array[field][0] = value
                with_array(entries, int(name[7:-4]), array)


def enlarge_network(document) -> None:
    for found, content in document["objects"]:
        if found == "network":
            content[1][1:] = [
                [k, ["list", 10**9]] if k == "hidden_dims" else [k, v] for k, v in content[1][1:]
            ]


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_a_forged_file_is_refused_and_nothing_is_run(change, path, capsys):
    model = clone(ESTIMATORS["ensemble"]).fit(X, y)
    skpbnas.save(model, path)
    rewritten(path, lambda document, entries: None)
    np.testing.assert_array_equal(skpbnas.load(path).predict(X), model.predict(X))
    rewritten(path, change)
    with pytest.raises(DataFileError, match="save the estimator again") as caught:
        skpbnas.load(path)
    assert str(path) in str(caught.value)
    assert capsys.readouterr().out == ""


def test_a_compressed_bomb_is_refused_before_it_is_unpacked(path):
    skpbnas.save(GPRankPredictor(), path)
    with zipfile.ZipFile(path) as archive:
        document = archive.read("estimator.json")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("estimator.json", document + b" " * 10**7)
    with pytest.raises(DataFileError, match="estimator.json is compressed"):
        skpbnas.load(path)


def test_a_file_of_a_newer_version_says_so(path):
    skpbnas.save(GPRankPredictor(), path)
    rewritten(path, lambda document, entries: document.update(version=2, skpbnas="9.9"))
    with pytest.raises(DataFileError, match="version 2, saved by skpbnas '9.9'.*update skpbnas"):
        skpbnas.load(path)


def test_a_missing_file_is_a_missing_file(path):
    with pytest.raises(FileNotFoundError):
        skpbnas.load(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(["flip", "cut", "zeros", "noise"]))
def test_a_damaged_file_gives_the_same_estimator_or_a_clear_error(seed, kind, path):
    rng = np.random.default_rng(seed)
    model = GCNRankPredictor(5, (4,), max_iter=1, random_state=0).fit(X, y)
    skpbnas.save(model, path)
    content = bytearray(path.read_bytes())
    place = int(rng.integers(len(content)))
    if kind == "flip":
        content[place] ^= 1 << int(rng.integers(8))
    elif kind == "cut":
        del content[place:]
    else:
        end = place + int(rng.integers(1, 64))
        damage = rng.bytes(end - place) if kind == "noise" else bytes(end - place)
        content[place:end] = damage
    path.write_bytes(content)
    try:
        loaded = skpbnas.load(path)
    except DataFileError:
        return
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


# ----------------------------------------------------------------------------------- earlier versions

KEPT = sorted((Path(__file__).parent / "files").glob("*/*.skpbnas"))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
@pytest.mark.parametrize("file", KEPT, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_files_of_this_and_earlier_versions_are_read(file):
    expected = json.loads((file.parent / "expected.json").read_text())
    rows = np.array(expected["rows"], np.uint8)
    np.testing.assert_allclose(skpbnas.load(file).predict(rows), expected[file.stem], rtol=1e-4)
