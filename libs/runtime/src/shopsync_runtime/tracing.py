"""Passes the W3C trace context of the message being handled to the events that follow from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str | None] = ContextVar("shopsync_traceparent", default=None)


def current_traceparent() -> str | None:
    """`traceparent` of the message being handled in this task, if it has one."""
    return _current.get()


@contextmanager
def continuing(traceparent: str | None) -> Iterator[None]:
    """Events created inside the block belong to this trace."""
    token = _current.set(traceparent)
    try:
        yield
    finally:
        _current.reset(token)
