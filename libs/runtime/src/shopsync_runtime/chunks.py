from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` in order, the last one shorter: `itertools.batched` of Python 3.12."""
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk
