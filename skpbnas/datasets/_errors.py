"""What is wrong with a data file."""

from __future__ import annotations

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
    """

    def __init__(
        self, path: str | PathLike[str], problem: str, row: int | None = None, offset: int | None = None
    ) -> None:
        self.path, self.problem, self.row, self.offset = fspath(path), problem, row, offset
        places = {"row": row, "byte": offset}
        where = ", ".join(f"{name} {place}" for name, place in places.items() if place is not None)
        super().__init__(f"{self.path}, {where}: {problem}" if where else f"{self.path}: {problem}")

    def __reduce__(self) -> tuple:
        return type(self), (self.path, self.problem, self.row, self.offset)
