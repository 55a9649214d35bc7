"""Facts that a step of the machine takes for granted."""

from typing import TypeVar

T = TypeVar("T")


def known(value: T | None) -> T:
    """The fact, which cannot be None here: the machine chose the step because of it. Raises AssertionError if it is."""
    if value is None:
        raise AssertionError("the machine decided on a step whose facts are missing")
    return value
