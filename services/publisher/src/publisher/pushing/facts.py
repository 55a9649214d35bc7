"""Facts that a step rests on."""

from typing import TypeVar

T = TypeVar("T")


def known(value: T | None) -> T:
    """A fact without which the machine would not have decided on the step."""
    if value is None:
        raise AssertionError("the machine decided on a step whose facts are missing")
    return value
