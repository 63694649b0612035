"""Which space the parameters of a study describe."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import TrialState

from ..spaces import CellSpace, ParameterSpace, SearchSpace
from ._ledger import Record
from ._scores import constraints
from ._structure import Structure

_MAX_VERTICES = 64


def space_of(structure: Structure) -> SearchSpace:
    """Return the cells that the parameters that all trials have describe, else a space of all parameters."""
    space = recognise(structure.always) if structure.always else None
    if space is None or isinstance(space, ParameterSpace):
        return ParameterSpace(structure.domains, structure.when)
    return space


def recognise(domains: Mapping[str, BaseDistribution]) -> SearchSpace:
    """Return the cells that parameters ``edge_{k}`` and ``op_node_{i}`` describe, else a ParameterSpace.

    There must be all L (L - 1) / 2 edges, each 0 or 1, and all L - 2 operations, with the same choices.
    """
    edges = [domain for name, domain in domains.items() if re.fullmatch(r"edge_\d+", name)]
    operations = [domain for name, domain in domains.items() if re.fullmatch(r"op_node_\d+", name)]
    n_vertices = len(operations) + 2
    names = {f"edge_{k}" for k in range(n_vertices * (n_vertices - 1) // 2)}
    names |= {f"op_node_{i}" for i in range(len(operations))}
    choices = {getattr(domain, "choices", ()) for domain in operations}
    is_graph = (
        2 < n_vertices <= _MAX_VERTICES
        and len(edges) + len(operations) == len(names)
        and names <= domains.keys()
        and len(choices) == 1
        and all(map(_is_switch, edges))
    )
    if is_graph:
        try:
            return CellSpace(n_vertices, choices.pop())
        except ValueError:  # operations that a cell cannot have, such as "input"
            pass
    return ParameterSpace(domains)


def _is_switch(domain: BaseDistribution) -> bool:
    if isinstance(domain, CategoricalDistribution):
        return len(domain.choices) == 2 and set(domain.choices) == {0, 1}
    return isinstance(domain, IntDistribution) and (domain.low, domain.high) == (0, 1)


def without_refused_sizes(space: SearchSpace, records: Sequence[Record]) -> SearchSpace:
    """Return the cells with fewer edges than the study has refused.

    A study whose cells have a largest number of edges refuses larger ones: their trials fail, are pruned
    before they report a value, or are infeasible. The limit is one edge less than the smallest cell that was
    refused and has more edges than every one that was accepted.
    """
    if not isinstance(space, CellSpace):
        return space
    accepted: list[int] = [0]
    refused: list[int] = []
    for trial, row, _ in records:
        if row is not None and trial.state.is_finished():
            infeasible = any(value > 0 for value in constraints(trial.system_attrs))
            unknown = trial.state != TrialState.COMPLETE and not trial.intermediate_values
            n_edges = int(np.count_nonzero(row[: space.n_nodes**2]))
            (refused if infeasible or unknown else accepted).append(n_edges)
    limits = [n_edges - 1 for n_edges in refused if n_edges > max(accepted)]
    limit = max(min(limits, default=space.max_edges), 1)
    return space if limit >= space.max_edges else CellSpace(space.max_vertices, space.operations, limit)
