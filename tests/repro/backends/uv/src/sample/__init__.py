"""One function, so that the wheel holds code."""


def double(value: int) -> int:
    """Return twice the value."""
    return 2 * value
