"""Search for the architecture of an estimator, where ``GridSearchCV`` fits."""

from ._search_cv import ArchitectureSearchCV

__all__ = ["ArchitectureSearchCV"]
