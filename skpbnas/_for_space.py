"""How a search prepares an estimator for the rows of its space: the method ``for_space``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.base import clone

if TYPE_CHECKING:
    from .spaces import SearchSpace


def for_space(estimator: Any, space: SearchSpace, seed: int) -> Any:
    """Return an unfitted copy of an estimator that is ready for the rows of a space.

    An estimator with a method ``for_space(space, seed)`` says itself what that means; of any other the
    parameters that are not set are filled in by their names, see :func:`filled_in`.

    Parameters
    ----------
    estimator : estimator
        Is left as it is.
    space : SearchSpace
    seed : int
        Of everything that is random and has no seed. All parts get the same.
    """
    own = getattr(type(estimator), "for_space", None)
    return filled_in(estimator, space, seed) if own is None else own(estimator, space, seed)


def filled_in(estimator: Any, space: SearchSpace, seed: int) -> Any:
    """Return a clone with the parameters that are not set, and with its parts prepared for a space.

    The parameters called ``n_nodes``, ``roles``, ``space`` and ``random_state`` are set where they are None.
    Parts, such as the steps of a pipeline or the members of an ensemble, are prepared one by one, by
    :func:`for_space`. A ``FrozenEstimator``, which has no clones, stays as it is.
    """
    copy = clone(estimator)
    if copy is estimator:
        return estimator
    known = {
        "n_nodes": space.n_nodes,
        "roles": space.get_roles_out(),
        "space": space,
        "random_state": seed,
    }
    own = copy.get_params(deep=False)
    if own.get("n_nodes") not in (None, space.n_nodes):
        del known["roles"]  # it sees something else in the rows
    unset = {name: value for name, value in known.items() if name in own and own[name] is None}
    parts = {
        name: for_space(part, space, seed)
        for name, part in copy.get_params(deep=True).items()
        if "__" not in name and _is_estimator(part)
    }
    return copy.set_params(**unset, **parts)


def _is_estimator(value: Any) -> bool:
    return hasattr(value, "get_params") and hasattr(value, "fit") and not isinstance(value, type)
