"""``save`` and ``load``: a ZIP archive of a JSON document and NumPy arrays, without pickle."""

from __future__ import annotations

import json
import os
import zipfile
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
import sklearn
from numpy.lib import format as npy
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

import skpbnas

from .._files import replacing
from ..datasets._errors import DataFileError, refusing_damage
from ._objects import Decoder, Encoder

_FORMAT, _VERSION = "skpbnas estimator", 1
_DOCUMENT = "estimator.json"
_REMEDY = "save the estimator again, with skpbnas.save"


def save(estimator: BaseEstimator, path: str | os.PathLike[str]) -> None:
    """Save an estimator, fitted or not, in a file that holds nothing that could be run.

    Parameters
    ----------
    estimator : estimator
        A predictor of this library, or a pipeline, an ensemble or an estimator of scikit-learn, made of parts
        of the two.
    path : path-like
        A file; one that is there is replaced, as a whole or not at all.

    Raises
    ------
    TypeError
        Where the estimator or one of its parts is of another library or of your own, or holds more than
        numbers, names and NumPy's functions. The error tells which part.

    See Also
    --------
    load : Reads it back.

    Notes
    -----
    The file is a ZIP archive of a JSON document and arrays in NumPy's format, with the checksums of ZIP.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import skpbnas
    >>> X = np.arange(12.0).reshape(6, 2)
    >>> predictor = skpbnas.GPRankPredictor().fit(X, X[:, 0])
    >>> path = Path(tempfile.mkdtemp()) / "predictor.skpbnas"
    >>> skpbnas.save(predictor, path)
    >>> bool((skpbnas.load(path).predict(X) == predictor.predict(X)).all())
    True
    """
    if not isinstance(estimator, BaseEstimator):
        raise TypeError(f"estimator={estimator!r} is not allowed; give an estimator of scikit-learn's form")
    encoder = Encoder()
    document = {
        "format": _FORMAT,
        "version": _VERSION,
        "skpbnas": skpbnas.__version__,
        "scikit-learn": sklearn.__version__,
        "estimator": encoder.encode(estimator, type(estimator).__name__),
        "objects": encoder.objects,
        "arrays": len(encoder.arrays),
    }
    with replacing(Path(path)) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_DOCUMENT, json.dumps(document))
        for k, array in enumerate(encoder.arrays):
            with archive.open(_array_name(k), "w", force_zip64=True) as entry:
                npy.write_array(entry, array, allow_pickle=False)


def load(path: str | os.PathLike[str]) -> Any:
    """Load an estimator that :func:`save` has saved.

    The file is checked as it is read: its checksums, the size of each array before memory is taken, and that
    it names estimators of scikit-learn and of this library only. Nothing in it is run.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    estimator

    Raises
    ------
    DataFileError
        Where the file is damaged, of another kind or of a newer version, or names what it must not.

    Warns
    -----
    InconsistentVersionWarning
        Where parts of scikit-learn were saved with another version of it.
    """
    with refusing_damage(path, "this is no file of an estimator, or a damaged one", _REMEDY):
        with zipfile.ZipFile(path) as archive:
            document = json.loads(_read(archive, _DOCUMENT))
            _check_format(document, path)
            arrays = [_read_array(archive, _array_name(k)) for k in range(document["arrays"])]
        estimator = Decoder(document["objects"], arrays).decode(document["estimator"])
        if not isinstance(estimator, BaseEstimator):
            raise ValueError("it does not hold an estimator")
    return estimator


def _check_format(document: Any, path: str | os.PathLike[str]) -> None:
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise ValueError("it does not say that it is one")
    if document["version"] != _VERSION:
        raise DataFileError(
            path,
            f"this is a file of version {document['version']!r}, saved by skpbnas {document['skpbnas']!r}; "
            f"this one, {skpbnas.__version__}, reads version {_VERSION}",
            remedy="update skpbnas",
        )


def _array_name(k: int) -> str:
    return f"arrays/{k}.npy"


def _entry(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Open an entry, which is stored as it is: then nothing is larger than the file."""
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise ValueError(f"{name} is compressed")
    return archive.open(info)


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with _entry(archive, name) as entry:
        return entry.read()


def _read_array(archive: zipfile.ZipFile, name: str) -> NDArray:
    """Read an array, after a look at whether the entry is as long as the array's shape says."""
    with _entry(archive, name) as entry:
        version = npy.read_magic(entry)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read_header(entry)
        data = entry.read()  # to the end, where the checksum is looked at
    if dtype.hasobject or prod(shape) * dtype.itemsize != len(data):
        raise ValueError(f"{name} is {len(data)} bytes long, and should hold {shape} of {dtype}")
    array = np.frombuffer(bytearray(data), dtype)
    return array.reshape(shape, order="F" if fortran else "C")
