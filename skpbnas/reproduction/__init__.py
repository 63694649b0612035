"""The paper's experiments: its figures from one call, and each of its claims confirmed or refuted."""

from ._reproduce import reproduce

__all__ = ["reproduce"]
