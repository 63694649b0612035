"""Refusals that several modules share."""


def check_positive(**numbers: int) -> None:
    """Refuse a number below one, by name."""
    for name, value in numbers.items():
        if value < 1:
            raise ValueError(f"{name}={value!r} is not positive; use at least 1")
