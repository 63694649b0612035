"""Results as the text of a table: what is made of the seeds of a method."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

Text = Callable[[pd.Series], str]  # of the values of one method, over the seeds


def pivot(results: pd.DataFrame, rows: str, columns: str, values: str, text: Text) -> pd.DataFrame:
    """Return the text for each row and column, both in the order of the results."""
    cells = results.groupby([rows, columns], sort=False)[values].agg(text).unstack(sort=False)
    return cells.rename_axis(columns=None)


def decimals(digits: int, leading_zero: bool = True) -> Callable[[float], str]:
    """Return what writes a number with so many decimals; NaN is empty, infinity "never"."""

    def text(value: float) -> str:
        if np.isnan(value):
            return ""
        if np.isinf(value):
            return "never"
        written = f"{value:,.{digits}f}"
        return written if leading_zero else written.replace("0.", ".", 1)

    return text


def significant(digits: int) -> Callable[[float], str]:
    """Return what writes a number with so many significant digits; for seconds of any size."""
    return lambda value: np.format_float_positional(value, digits, unique=False, fractional=False, trim="-")


def median(digits: int, leading_zero: bool = True) -> Text:
    """Return what writes the median."""
    write = decimals(digits, leading_zero)
    return lambda values: write(values.median())


def mean(digits: int, leading_zero: bool = True) -> Text:
    """Return what writes the mean."""
    write = decimals(digits, leading_zero)
    return lambda values: write(values.mean())


def mean_and_error(digits: int) -> Text:
    """Return what writes the mean and its standard error; of a single value, that alone."""
    write = decimals(digits)
    return lambda values: (
        f"{write(values.mean())} ± {write(values.sem())}" if len(values) > 1 else write(values.mean())
    )


def value_range(digits: int) -> Text:
    """Return what writes the least and the largest value."""
    write = decimals(digits)
    return lambda values: f"{write(values.min())} to {write(values.max())}"


def within(limit: float) -> Callable[[pd.Series], int]:
    """Return what counts the values up to a limit."""
    return lambda values: int((values <= limit).sum())
