"""The one error of all readers: what is wrong with a data file, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike, fspath


class DataFileError(ValueError):
    """A data file holds something else than it should.

    Attributes
    ----------
    path : str
        The file.
    problem : str
        What is wrong.
    row : int or None
        The row it is in, from 0.
    offset : int or None
        The byte of the file where that row, or the problem, begins.
    array : str or None
        The array, column or part of the file it is in.
    remedy : str or None
        What to do about it.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        problem: str,
        row: int | None = None,
        offset: int | None = None,
        array: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.path, self.problem, self.row, self.offset = fspath(path), problem, row, offset
        self.array, self.remedy = array, remedy
        places = {"array": array, "row": row, "byte": offset}
        where = [f"{name} {place}" for name, place in places.items() if place is not None]
        message = f"{', '.join([self.path, *where])}: {problem}"
        super().__init__(f"{message}; {remedy}" if remedy else message)

    def __reduce__(self) -> tuple:
        return type(self), (self.path, self.problem, self.row, self.offset, self.array, self.remedy)


@contextmanager
def refusing_damage(
    path: str | PathLike[str], problem: str, remedy: str, array: str | None = None
) -> Iterator[None]:
    """Turn whatever is raised on a damaged or hostile file into a `DataFileError`.

    An error of the operating system that names a file, such as one that is missing, stays as it is.
    """
    try:
        yield
    except DataFileError:
        raise
    except Exception as error:  # zipfile, zlib, NumPy and pickle raise some twenty kinds
        if isinstance(error, OSError) and error.filename is not None:
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, KeyError):
            reason = f"{reason} is missing"
        raise DataFileError(path, f"{problem} ({reason})", array=array, remedy=remedy) from error
