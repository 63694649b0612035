"""Refusals that several modules share."""

import torch


def check_positive(**numbers: int) -> None:
    """Refuse a number below one, by name."""
    for name, value in numbers.items():
        if value < 1:
            raise ValueError(f"{name}={value!r} is not positive; use at least 1")


def check_size(hidden: torch.Tensor, n_halvings: int, what: str) -> None:
    """Refuse images or series that are gone before they have been halved so often.

    ``what`` decides how often; ``{}`` in it is its number, one more than that of the halvings.
    """
    positions = hidden.shape[2:]
    is_traced = torch.jit.is_tracing()  # type: ignore[attr-defined]
    if is_traced or not len(positions) or min(positions) >= 2**n_halvings:
        return
    most = max(int(min(positions)), 1).bit_length()
    raise ValueError(
        f"inputs of {' x '.join(str(int(size)) for size in positions)} positions, behind the stem, are too "
        f"small for {n_halvings} halvings, which need {2**n_halvings} in each direction; use "
        f"{what.format(most)} at most, or larger inputs"
    )
