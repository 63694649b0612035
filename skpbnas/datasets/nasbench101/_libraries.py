"""The libraries that official files are read with: those of the extra ``skpbnas[nasbench]``."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["crc32c", "loads"]


def _refuse(*arguments: Any) -> NoReturn:
    raise ImportError(
        "reading official NASBench-101 files needs google-crc32c and orjson; install them with: "
        "pip install 'skpbnas[nasbench]' (a converted table opens without them)"
    )


crc32c: Any = _refuse
loads: Any = _refuse
try:
    from google_crc32c import value as crc32c
    from orjson import loads
except ImportError:
    pass  # refused when a file is read
