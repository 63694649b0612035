"""Pickles that nobody vouches for: read as data, so that nothing in them can run.

A pickle is a program for a small machine. Here the machine lacks the instructions that tables do not need,
and knows no names but those with which NumPy writes numbers; the functions below read these, not NumPy's.
"""

from __future__ import annotations

import io
import math
import os
import pickle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._errors import refusing_damage

MAX_BYTES = 1 << 28  # of a file
_TYPES = {f"{kind}{size}" for kind in "fiu" for size in (1, 2, 4, 8)} - {"f1"} | {"b1"}


def read_pickle(path: str | os.PathLike[str], problem: str, remedy: str) -> Any:
    """Return what a pickle holds: containers, text, numbers, and NumPy's arrays of numbers.

    Parameters
    ----------
    path : path
    problem, remedy : str
        What an error says of a file that is no such pickle.

    Raises
    ------
    OSError
        Where the file cannot be opened.
    DataFileError
        Where it is no such pickle, holds anything else, or has more than 256 MiB.
    """
    with open(path, "rb") as file, refusing_damage(path, problem, remedy):
        data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES} bytes")
        return _Numbers(data).load()


class _Type:
    """Stands for a ``numpy.dtype`` of one number."""

    def __init__(self, name: str, *_: Any) -> None:
        if name not in _TYPES:
            raise pickle.UnpicklingError(f"numbers of type {name!r} are not admitted")
        self.dtype = np.dtype(name)

    def __setstate__(self, state: tuple) -> None:
        if state[1] not in ("<", ">", "|", "="):
            raise pickle.UnpicklingError(f"byte order {state[1]!r} is unknown")
        self.dtype = self.dtype.newbyteorder(state[1])


class _Array:
    """Stands for a ``numpy.ndarray`` until its content is known."""

    array: NDArray

    def __setstate__(self, state: tuple) -> None:
        _, shape, stands_for, fortran, data = state
        self.array = _from_bytes(data, stands_for, shape, "F" if fortran else "C")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray:
        return self.array.astype(dtype or self.array.dtype)

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, index: Any) -> Any:
        return self.array[index]


def _from_bytes(data: bytes, stands_for: _Type, shape: tuple[int, ...], order: Any = "C") -> NDArray:
    size = math.prod(shape) * stands_for.dtype.itemsize
    if not isinstance(data, bytes) or len(data) != size:
        raise pickle.UnpicklingError(f"an array of shape {shape} needs {size} bytes")
    return np.frombuffer(data, stands_for.dtype).reshape(shape, order=order)


def _scalar(stands_for: _Type, data: bytes) -> Any:
    return _from_bytes(data, stands_for, (1,))[0].item()


def _reconstruct(*_: Any) -> _Array:
    return _Array()


def _no_bytes() -> bytes:
    return b""


def _no_items() -> dict:
    return {}


_NUMPY = {"scalar": _scalar, "_reconstruct": _reconstruct}
_ADMITTED: dict[tuple[str, str], Any] = {
    **{(f"numpy.{core}.multiarray", name): f for core in ("core", "_core") for name, f in _NUMPY.items()},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_bytes for core in ("core", "_core")},
    ("numpy", "dtype"): _Type,
    ("numpy", "ndarray"): _Array,
    ("collections", "OrderedDict"): _no_items,  # they follow
    ("__builtin__", "bytes"): _no_bytes,  # as which Python 2's protocols write no bytes
}
# Left out: what makes objects, or names them by number or in ways of its own.
_REFUSED = ("INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4")


_Machine: Any = pickle._Unpickler  # Python's: the one in C allocates any place of its memory that is named


class _Numbers(_Machine):
    """The machine, with the program."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self._to_encode = len(data)

    dispatch = {
        code: load
        for code, load in _Machine.dispatch.items()
        if code not in {getattr(pickle, name)[0] for name in _REFUSED}
    }

    def load_build(self) -> None:
        """Complete a type or an array; the original changes any object, classes and functions among them."""
        state, instance = self.stack.pop(), self.stack[-1]
        if not isinstance(instance, (_Type, _Array)):
            raise pickle.UnpicklingError(f"it wants to change {instance!r}")
        instance.__setstate__(state)

    def load_bytearray8(self) -> None:
        """Read bytes; the original allocates as many as the file claims to hold."""
        self.append(self.read(int.from_bytes(self.read(8), "little")))

    dispatch |= {pickle.BUILD[0]: load_build, pickle.BYTEARRAY8[0]: load_bytearray8}

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for a name."""
        if (module, name) == ("_codecs", "encode"):
            return self._encode
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"it wants to use {module}.{name}, which a table does not need")
        return _ADMITTED[module, name]

    def _encode(self, text: str, encoding: str) -> bytes:
        """Return bytes that are written as text, as Python 2's protocols do; in all, as many as there are."""
        self._to_encode -= len(text)
        if encoding != "latin1" or self._to_encode < 0:
            raise pickle.UnpicklingError("it encodes text that is no bytes, or the same again and again")
        return text.encode("latin1")
