"""Fitted estimators in files that hold numbers and names, and nothing that could be run."""

from ._save import load, save

__all__ = ["load", "save"]
