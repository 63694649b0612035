"""Contracts of search spaces and candidate samplers, to which classes of your own can be held.

Call these functions in a test. They raise an :class:`AssertionError` that quotes the sentence of the contract
that is broken, and says by what.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ._rows import join_rows, reordered, split_rows
from .candidates import SpaceExhaustedWarning
from .spaces import Rows, SearchSpace

_MOST_LISTED = 100_000  # architectures of a space that is also checked for being given out whole

__all__ = ["check_candidate_sampler", "check_space"]


def check_space(space: SearchSpace, n: int = 50, random_state: int = 0) -> None:
    """Check that a search space keeps the contract of :class:`~skpbnas.spaces.SearchSpace`.

    Parameters
    ----------
    space : SearchSpace
    n : int, default=50
        Number of random architectures that it is tried on.
    random_state : int, default=0
        Of those.

    Raises
    ------
    AssertionError
        Naming the method and the sentence of the contract that it breaks.

    Examples
    --------
    >>> from skpbnas import CellSpace
    >>> from skpbnas.testing import check_space
    >>> check_space(CellSpace(5, ["conv", "pool"]))
    """
    _check_columns(space)
    _check_samples(space, n, random_state)
    rng = np.random.default_rng(random_state)
    X = space.sample(n, rng)
    children = np.concatenate([X, space.mutate(X, 0.2, rng), space.crossover(X, X[::-1], rng)])
    valid = children[space.is_valid(children)]
    _check_validity(space, children)
    _check_identity(space, valid, rng)
    _check_variation(space, X, random_state)
    _check_shadow_matrices(space, X, rng)
    _check_readable_forms(space, X)
    _check_listing(space, X)
    _check_value(space, X)


def check_candidate_sampler(sampler: Any, space: SearchSpace, n: int = 30, random_state: int = 0) -> None:
    """Check that a candidate sampler keeps the contract of ``fit``, ``sample`` and ``transform``.

    Hold it to scikit-learn's own contract, too, by ``sklearn.utils.estimator_checks``.

    Parameters
    ----------
    sampler : candidate sampler
        It is cloned; its ``space`` is set where it is None.
    space : SearchSpace
        One that the sampler works on, best a small one that can be listed: then it is also checked that
        the sampler gives out all there is.
    n : int, default=30
        Size of the pools drawn. The space must hold at least ``2 * n`` architectures.
    random_state : int, default=0
        Of the population that it is fitted on, and of the pools.

    Raises
    ------
    AssertionError
        Naming the method and the sentence of the contract that it breaks.

    Examples
    --------
    >>> from skpbnas import CellSpace, EvolutionaryCandidateSampler
    >>> from skpbnas.testing import check_candidate_sampler
    >>> check_candidate_sampler(EvolutionaryCandidateSampler(), CellSpace(5, ["conv", "pool"]))
    """
    rng = np.random.default_rng(random_state)
    X = _distinct(space, space.sample(n, rng))
    sampler = clone(sampler)
    if sampler.get_params(deep=False).get("space") is None:
        sampler.set_params(space=space)
    if "random_state" in sampler.get_params(deep=False):
        sampler.set_params(random_state=random_state)
    fitted = sampler.fit(X, rng.random(len(X)))
    _require(sampler, "fit", fitted is sampler, "returns the sampler itself", f"it returns {fitted!r}")
    _check_pools(sampler, space, X, n, random_state)
    _check_exhaustion(sampler, space, random_state)
    _check_transform(sampler, space, space.sample(n, rng))


# ---------------------------------------------------------------------------------------------- spaces


def _check_columns(space: SearchSpace) -> None:
    L, d = space.n_nodes, space.n_node_features
    n_edges = L * L if L > 1 else 0
    rule = "is n_nodes**2 + n_nodes * n_node_features, or n_node_features where there is a single node"
    _require(space, "n_features", space.n_features == n_edges + L * d, rule, f"it is {space.n_features}")
    names = list(space.get_feature_names_out())
    rule = "returns one name per column, all different"
    _require(space, "get_feature_names_out", len(set(names)) == len(names) == space.n_features, rule)
    edges = [f"adjacency_{i}_{j}" for i in range(L) for j in range(L) if L > 1]
    rule = "names the L * L columns of the adjacency matrix adjacency_{i}_{j}, row by row"
    _require(space, "get_feature_names_out", names[:n_edges] == edges, rule)
    nodes = [f"node_{i}_" for i in range(L) for _ in range(d)]
    starts = [str(name).startswith(node) for name, node in zip(names[n_edges:], nodes, strict=True)]
    rule = "names the columns of the node features node_{i}_{feature}, node by node"
    _require(space, "get_feature_names_out", all(starts), rule)
    roles = list(space.get_roles_out())
    rule = "returns edge for each column of the adjacency matrix, and then one role for each other column"
    fits = len(roles) == space.n_features and all(
        (role == "edge") == (k < n_edges) for k, role in enumerate(roles)
    )
    _require(space, "get_roles_out", fits, rule)
    words = [role.partition(" ") for role in roles[n_edges:]]
    rule = 'calls a column node or part, or "layer {name}", "place {name}" or "parameter {name}"'
    known = [
        word in ("node", "part") if not name else word in ("layer", "place", "parameter")
        for word, _, name in words
    ]
    _require(space, "get_roles_out", all(known), rule)


def _check_samples(space: SearchSpace, n: int, seed: int) -> None:
    X = space.sample(n, np.random.default_rng(seed))
    for size, rows in ((n, X), (0, space.sample(0, np.random.default_rng(seed)))):
        _require_shape(space, "sample", rows, size)
    valid = _mask(space, X)
    _require(space, "sample", valid.all(), "returns valid rows", _first(~valid))
    again = space.sample(n, np.random.default_rng(seed))
    _require(space, "sample", _same(X, again), "draws from rng only: the same generator draws the same rows")
    adjacency = split_rows(X, space.n_nodes)[0]
    rule = "returns rows whose adjacency matrix is of zeros and ones"
    _require(space, "sample", np.isin(adjacency, (0, 1)).all(), rule)


def _mask(space: SearchSpace, X: Rows) -> NDArray[np.bool_]:
    """Return ``space.is_valid(X)``, checked to be a mask."""
    mask = space.is_valid(X)
    form = isinstance(mask, np.ndarray) and mask.dtype == bool and mask.shape == (len(X),)
    _require(space, "is_valid", form, "returns one boolean per row", f"it returns {mask!r}")
    return mask


def _check_validity(space: SearchSpace, X: Rows) -> None:
    _mask(space, X)
    _require_row_by_row(space, "is_valid", space.is_valid, X)
    nothing = np.full((1, space.n_features), np.nan)
    _require(space, "is_valid", not space.is_valid(nothing)[0], "refuses a row that is not a number")


def _check_identity(space: SearchSpace, X: Rows, rng: np.random.Generator) -> None:
    keys, canonical = space.canonical_key(X), space.canonicalize(X)
    _require(
        space,
        "canonical_key",
        isinstance(keys, np.ndarray) and keys.dtype == np.uint64 and keys.shape == (len(X),),
        "returns one unsigned 64-bit integer per row",
        f"it returns {keys!r}",
    )
    _require_shape(space, "canonicalize", canonical, len(X))
    _require_shape(space, "canonicalize", space.canonicalize(X[:0]), 0)
    _require_row_by_row(space, "canonical_key", space.canonical_key, X)
    _require_row_by_row(space, "canonicalize", space.canonicalize, X)
    shuffled = _shuffle_nodes(space, X, rng)
    for name, rows in (("in another order of nodes", shuffled), ("in another number type", X.astype(float))):
        valid = space.is_valid(rows)
        _require(space, "is_valid", valid.all(), f"does not change for a row {name}", _first(~valid))
        other = space.canonical_key(rows) != keys
        _require(space, "canonical_key", not other.any(), f"is the same for a row {name}", _first(other))
        same = _same(space.canonicalize(rows), canonical)
        _require(space, "canonicalize", same, f"returns the same for a row {name}")
    rule = "returns rows of the same architecture"
    _require(space, "canonicalize", _same(space.canonical_key(canonical), keys), rule)
    rule = "changes nothing on rows in canonical form"
    _require(space, "canonicalize", _same(space.canonicalize(canonical), canonical), rule)
    n_forms, n_keys = len(np.unique(canonical, axis=0)), len(np.unique(keys))
    rule = "tells apart exactly the rows with another canonical form"
    _require(space, "canonical_key", n_forms == n_keys, rule, f"{n_keys} keys for {n_forms} forms")


def _check_variation(space: SearchSpace, X: Rows, seed: int) -> None:
    keys, before, mates = space.canonical_key(X), X.copy(), X[::-1].copy()
    operators: dict[str, Callable[[np.random.Generator], Rows]] = {
        "mutate": lambda rng: space.mutate(X, 0.5, rng),
        "crossover": lambda rng: space.crossover(X, mates, rng),
    }
    for name, operator in operators.items():
        children = operator(np.random.default_rng(seed))
        _require_shape(space, name, children, len(X))
        _require(
            space, name, _same(X, before) and _same(mates, before[::-1]), "leaves the parents as they are"
        )
        again = operator(np.random.default_rng(seed))
        rule = "draws from rng only: the same generator makes the same children"
        _require(space, name, _same(children, again), rule)
    rng = np.random.default_rng(seed)
    rule = "changes no architecture where the probability is 0"
    _require(space, "mutate", _same(space.canonical_key(space.mutate(X, 0.0, rng)), keys), rule)
    rule = "changes no architecture where both parents are the same"
    _require(space, "crossover", _same(space.canonical_key(space.crossover(X, X, rng)), keys), rule)
    children = space.mutate(np.repeat(X, 20, axis=0), 0.5, rng)
    valid = space.is_valid(children)
    new = space.canonical_key(children[valid]) != np.repeat(keys, 20)[valid]
    rule = "makes valid children that are other architectures"
    _require(space, "mutate", new.any() or len(np.unique(keys)) == 1, rule)


def _check_shadow_matrices(space: SearchSpace, X: Rows, rng: np.random.Generator) -> None:
    shadow = space.relax(X)
    _require_shape(space, "relax", shadow, len(X))
    _require_shape(space, "discretize", space.discretize(rng.random(shadow.shape)), len(X))
    back = space.discretize(shadow)
    other = ~space.is_valid(back) | (space.canonical_key(back) != space.canonical_key(X))
    _require(space, "discretize", not other.any(), "maps space.relax(X) back to X", _first(other))


def _check_readable_forms(space: SearchSpace, X: Rows) -> None:
    keys, architectures = space.canonical_key(X), space.decode(X)
    _require(space, "decode", len(architectures) == len(X), "returns one architecture per row")
    rows = space.encode(architectures)
    _require_shape(space, "encode", rows, len(X))
    _require_shape(space, "encode", space.encode([]), 0)
    _require(space, "encode", _same(space.canonical_key(rows), keys), "undoes decode")
    try:
        distributions = space.distributions()
    except TypeError:
        return  # a space need not have Optuna parameters
    for k, row in enumerate(X):
        params = space.row_to_params(row)
        unknown = sorted(set(params) - set(distributions))
        _require(
            space, "row_to_params", not unknown, "names parameters of space.distributions()", f"{unknown}"
        )
        outside = [name for name in params if not _contains(distributions[name], params[name])]
        rule = "gives values within space.distributions()"
        _require(space, "row_to_params", not outside, rule, f"{outside} of row {k}")
        same = space.canonical_key(space.params_to_row(params)[None])[0] == keys[k]
        _require(
            space, "params_to_row", same, "undoes row_to_params", f"row {k} becomes another architecture"
        )


def _check_listing(space: SearchSpace, X: Rows) -> None:
    if not space.is_enumerable:
        for name, listing in (("__len__", lambda: len(space)), ("enumerate", space.enumerate)):
            rule = "raises TypeError where is_enumerable is false"
            _require(space, name, _raises_type_error(listing), rule)
        return
    everything = space.enumerate()
    _require_shape(space, "enumerate", everything, len(space))
    _require(space, "enumerate", _same(everything, space.enumerate()), "has a fixed order")
    _require(space, "enumerate", space.is_valid(everything).all(), "returns valid rows")
    canonical = _same(space.canonicalize(everything), everything)
    _require(space, "enumerate", canonical, "returns rows in canonical form")
    keys = space.canonical_key(everything)
    _require(space, "enumerate", len(np.unique(keys)) == len(keys), "returns every architecture once")
    missing = ~np.isin(space.canonical_key(X), keys)
    _require(
        space, "enumerate", not missing.any(), "returns every architecture", "one of sample is not there"
    )


def _check_value(space: SearchSpace, X: Rows) -> None:
    try:
        copy = pickle.loads(pickle.dumps(space))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        rule = "can be pickled, for other processes: define its class and functions at the top of a module"
        _require(space, "pickle", False, rule, str(error))
    same = _same(copy.canonical_key(X), space.canonical_key(X))
    _require(space, "pickle", same, "keeps the canonical keys")
    rule = "says what the space is, and nothing else: checkpoints tell spaces apart by it"
    _require(space, "__repr__", repr(copy) == repr(space), rule, f"{repr(copy)} is a copy of {space!r}")


# -------------------------------------------------------------------------------------------- samplers


def _check_pools(sampler: Any, space: SearchSpace, X: Rows, n: int, seed: int) -> None:
    exclude = _shuffle_nodes(space, X, np.random.default_rng(seed))
    before, state = exclude.copy(), pickle.dumps(np.random.get_state())
    pool = sampler.sample(n, exclude=exclude, random_state=seed)
    _require_shape(sampler, "sample", pool, n, space)
    valid = space.is_valid(pool)
    _require(sampler, "sample", valid.all(), "returns valid rows", _first(~valid))
    keys = space.canonical_key(pool)
    _require(sampler, "sample", len(np.unique(keys)) == n, "returns no two isomorphic rows")
    excluded = np.isin(keys, space.canonical_key(X))
    rule = "returns no row that is isomorphic to an excluded one"
    _require(sampler, "sample", not excluded.any(), rule, _first(excluded))
    _require(sampler, "sample", _same(exclude, before), "leaves exclude as it is")
    again = sampler.sample(n, exclude=exclude, random_state=seed)
    _require(sampler, "sample", _same(pool, again), "returns the same pool for the same random_state")
    copy = pickle.loads(pickle.dumps(sampler)).sample(n, exclude=exclude, random_state=seed)
    _require(sampler, "sample", _same(pool, copy), "returns the same pool after pickling")
    unchanged = pickle.dumps(np.random.get_state()) == state
    _require(sampler, "sample", unchanged, "does not draw from NumPy's global generator")
    _require_shape(sampler, "sample", sampler.sample(0, random_state=seed), 0, space)


def _check_exhaustion(sampler: Any, space: SearchSpace, seed: int) -> None:
    if not (space.is_enumerable and len(space) <= _MOST_LISTED):
        return
    everything = space.enumerate()
    for left in (everything[:3], everything[:0]):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            pool = sampler.sample(10, exclude=everything[len(left) :], random_state=seed)
        rule = "returns all rows that are new where the space holds no more"
        complete = _same(np.sort(space.canonical_key(pool)), np.sort(space.canonical_key(left)))
        _require(sampler, "sample", complete, rule, f"{len(pool)} of {len(left)}")
        warned = any(issubclass(warning.category, SpaceExhaustedWarning) for warning in caught)
        rule = "warns with SpaceExhaustedWarning where it returns fewer rows than asked for"
        _require(sampler, "sample", warned, rule)
        _require_shape(sampler, "sample", pool, len(left), space)


def _check_transform(sampler: Any, space: SearchSpace, X: Rows) -> None:
    before = X.copy()
    candidates = sampler.transform(X)
    _require_shape(sampler, "transform", candidates, len(X), space)
    valid = space.is_valid(candidates)
    _require(sampler, "transform", valid.all(), "returns valid rows", _first(~valid))
    _require(sampler, "transform", _same(X, before), "leaves X as it is")
    _require_row_by_row(sampler, "transform", sampler.transform, X)


# -------------------------------------------------------------------------------------------- for both


def _require(subject: Any, method: str, condition: Any, rule: str, otherwise: str = "") -> None:
    if not condition:
        detail = f" ({otherwise})" if otherwise else ""
        raise AssertionError(f"{type(subject).__name__}.{method} breaks its contract: it {rule}{detail}")


def _require_shape(subject: Any, method: str, X: Any, n: int, space: SearchSpace | None = None) -> None:
    shape = (n, (subject if space is None else space).n_features)
    right = isinstance(X, np.ndarray) and X.shape == shape and X.dtype.kind in "buif"
    found = f"{type(X).__name__} of shape {np.shape(X)}"
    _require(subject, method, right, f"returns an array of numbers of shape {shape}", f"it is {found}")


def _require_row_by_row(subject: Any, method: str, function: Callable[[Rows], NDArray], X: Rows) -> None:
    together = function(X)
    rule = "gives the same row the same result, alone or among others, at every call"
    _require(subject, method, _same(function(X[::-1])[::-1], together), rule, "another order")
    _require(subject, method, _same(function(X[:1]), together[:1]), rule, "row 0 alone")


def _same(a: NDArray, b: NDArray) -> bool:
    return np.array_equal(a, b)


def _first(wrong: NDArray[np.bool_]) -> str:
    return f"row {np.argmax(wrong)} and {np.count_nonzero(wrong) - 1} others" if wrong.any() else ""


def _distinct(space: SearchSpace, X: Rows) -> Rows:
    return X[np.sort(np.unique(space.canonical_key(X), return_index=True)[1])]


def _shuffle_nodes(space: SearchSpace, X: Rows, rng: np.random.Generator) -> Rows:
    """Return isomorphic rows, each with its nodes in another random order."""
    n, L = len(X), space.n_nodes
    if L == 1:
        return X.copy()
    order = np.argsort(rng.random((n, L)), axis=1)
    return join_rows(*reordered(*split_rows(X, L), order))


def _contains(distribution: Any, value: Any) -> bool:
    try:
        return bool(distribution._contains(distribution.to_internal_repr(value)))
    except ValueError:
        return False


def _raises_type_error(function: Callable[[], Any]) -> bool:
    try:
        function()
    except TypeError:
        return True
    return False
