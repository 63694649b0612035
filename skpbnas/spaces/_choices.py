"""The choices of a layer: which are allowed, which have an order, and which one leaves the layer out."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from numbers import Integral, Real
from typing import Any

_MAX_CHOICES = 65_536  # of a layer, told apart in single precision


class Unordered(tuple[Any, ...]):
    """Choices of a layer without an order, whatever they are.

    Examples
    --------
    >>> from skpbnas.spaces import ChainSpace, Unordered
    >>> blocks = ChainSpace([Unordered([0, 1, 2])] * 8)  # the numbers of three kinds of blocks
    >>> blocks.decode(blocks.encode([(0, 1, 2, 2, 1, 0, 0, 1)]))
    [(0, 1, 2, 2, 1, 0, 0, 1)]
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Unordered({list(self)})"


class Identity:
    """A choice of a layer that does nothing: it commutes with the layers beside it that are alike.

    Consecutive layers with the same choices, this one among them, are a *run*. Chains that have the same
    other choices in the same order in each run are one architecture: it is encoded, counted, sampled and
    proposed once.

    This is true only where the layers of a run are built in the same way wherever they stand, and the
    choice passes its input on as it is. A layer that changes the number of channels or the resolution is no
    part of a run, even if it can be left out: give it ``None`` or a name instead. Where something stands
    between two layers with the same choices, such as a pooling, ``stage`` tells their runs apart.

    Parameters
    ----------
    value : object, default=None
        What architectures have in the place of a layer that is left out.
    stage : object, default=None
        Of which run the layer is, where its choices do not tell.

    Examples
    --------
    >>> from skpbnas.spaces import ChainSpace, Identity
    >>> space = ChainSpace([["conv", "mbconv", Identity("skip")]] * 3)
    >>> len(space)  # chains of up to three blocks, instead of 27
    15
    >>> X = space.encode([("conv", "skip", "mbconv"), ("skip", "conv", "mbconv")])
    >>> first, second = space.canonical_key(X)
    >>> bool(first == second)
    True
    >>> space.decode(space.canonicalize(X))[1]
    ('conv', 'mbconv', 'skip')
    """

    def __init__(self, value: Any = None, stage: Hashable = None) -> None:
        self.value = value
        self.stage = stage

    def __repr__(self) -> str:
        stage = "" if self.stage is None else f"stage={self.stage!r}"
        value = "" if self.value is None else repr(self.value)
        return f"Identity({', '.join(part for part in (value, stage) if part)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))


def checked(layer: Sequence[Any], k: int) -> Sequence[Any]:
    """Return the choices of layer k, a range or a tuple, where they are allowed."""
    if isinstance(layer, str) or not isinstance(layer, Sequence):
        raise TypeError(f"choices[{k}]={layer!r} is not allowed; give a range or a list")
    left_out = [choice for choice in layer if is_left_out(choice)]
    if len(left_out) > 1:
        raise ValueError(
            f"choices[{k}]={show(layer)} leaves the layer out in {len(left_out)} ways; give one of them"
        )
    options = options_of(layer)
    if not 1 <= len(options) <= _MAX_CHOICES:
        raise ValueError(
            f"choices[{k}] has {len(options)} choices to take; give 1 to {_MAX_CHOICES} (the "
            f"end of a range is left out, and must be above its start)"
        )
    values = [*options, *(left_out_value(choice) for choice in left_out)]
    if len(set(values)) < len(values):
        raise ValueError(f"choices[{k}]={show(layer)} has a choice twice; give each one once")
    if is_ordered(layer) and list(options) != sorted(options):
        raise ValueError(f"choices[{k}]={show(layer)} is not in increasing order; sort the numbers")
    if not isinstance(layer, range | Unordered) and len(values) > 2 and _are_codes(values):
        amounts = "floats" if left_out and left_out[0] is not None else f"range({len(options)})"
        raise ValueError(
            f"choices[{k}]={show(layer)} may be amounts or codes; give {amounts} where more is more, and "
            f"Unordered({list(layer)}) or names where the numbers stand for something else"
        )
    return layer if isinstance(layer, range | Unordered) else tuple(layer)


def is_left_out(choice: Any) -> bool:
    """Tell whether a choice leaves its layer out."""
    return choice is None or isinstance(choice, Identity)


def left_out_value(choice: Any) -> Any:
    """Return what architectures have in the place of a layer that a choice leaves out."""
    return choice.value if isinstance(choice, Identity) else choice


def options_of(layer: Sequence[Any]) -> tuple[Any, ...]:
    """Return the choices of a layer that do not leave it out."""
    return tuple(layer) if isinstance(layer, range) else tuple(c for c in layer if not is_left_out(c))


def is_ordered(layer: Sequence[Any]) -> bool:
    """Tell whether the choices of a layer are numbers between which order is respected."""
    if isinstance(layer, range):
        return True
    are_numbers = all(isinstance(c, Real) and not isinstance(c, bool) for c in options_of(layer))
    return are_numbers and not isinstance(layer, Unordered)


def show(layer: Sequence[Any]) -> str:
    """Return choices as one writes them."""
    return repr(layer) if isinstance(layer, range | Unordered) else repr(list(layer))


def _are_codes(values: list[Any]) -> bool:
    """Tell whether choices are 0, 1, 2 and so on, as whole numbers; None has no part in it."""
    known = [value for value in values if value is not None]
    whole = all(isinstance(value, Integral) and not isinstance(value, bool) for value in known)
    return whole and len(known) > 2 and sorted(known) == list(range(len(known)))
