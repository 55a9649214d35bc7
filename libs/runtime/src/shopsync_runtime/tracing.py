"""Which trace the present work belongs to, and its spans where traces are switched on (decision 0025).

The W3C trace context of a message always goes on to the events that follow from it. Spans are made by a `Tracer`, which
is only there when SHOPSYNC_TRACES asks for it (`tracing_otlp`): without one nothing here makes anything.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, Protocol

Place = tuple[str, int, int]
"""Topic, partition and offset of a message."""

Kind = Literal["internal", "client", "consumer", "producer"]
Attributes = Mapping[str, str | int | float | bool | None]

_current: ContextVar[str | None] = ContextVar("shopsync_traceparent", default=None)
_of_messages: ContextVar[Mapping[Place, str] | None] = ContextVar("shopsync_traces_of_messages", default=None)
_NO_ATTRIBUTES: Attributes = {}
_ODD = frozenset("13579bdf")


class Span(Protocol):
    """A piece of work in a trace. Where the trace is not sampled, it does nothing."""

    def note(self, name: str, value: str | float | None) -> None:
        """Set an attribute; None is left out."""

    def fail(self, error_type: str, text: str = "") -> None:
        """Mark the work as failed. An exception that leaves the block does so by itself."""


@dataclass(frozen=True, slots=True)
class TracedMessage:
    """A message as the tracer takes it. `parent`: its own trace context, None when it has none.

    `attributes` is called for those that are sampled.
    """

    place: Place
    parent: str | None
    attributes: Callable[[], Attributes]


class BatchSpans(Protocol):
    """The spans of a batch and of its messages. `contexts`: the trace contexts of those that are traced."""

    @property
    def contexts(self) -> Mapping[Place, str]:
        """By place, of the messages that have a span, and of those that are expressly not sampled."""

    def fail(self, place: Place, error_type: str) -> None:
        """The message was refused."""


class Tracer(Protocol):
    """Makes spans. It never raises for what a message or a collector does."""

    def span(
        self, name: str, *, kind: Kind, parent: str | None, begins: bool, links: Sequence[str], attributes: Attributes
    ) -> AbstractContextManager[Span]:
        """A span under `parent`, whose context is current inside the block.

        Without a parent it begins a trace if `begins` is set and the sampler wants it.
        """

    def batch(self, group: str, messages: Sequence[TracedMessage]) -> AbstractContextManager[BatchSpans]:
        """Spans around the handling of these messages."""


class _NoSpan:
    """What is not traced: span and context manager in one, so that nothing is made."""

    def note(self, name: str, value: str | float | None) -> None:
        pass

    def fail(self, error_type: str, text: str = "") -> None:
        pass

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_: object) -> None:
        pass


NO_SPAN = _NoSpan()
_tracer: Tracer | None = None


def use_tracer(tracer: Tracer | None) -> None:
    """Switch spans on or off for this process. Called once at the start, before anything is handled."""
    global _tracer  # noqa: PLW0603 - one per process, like the metrics
    _tracer = tracer


def tracer() -> Tracer | None:
    """What makes spans; None when traces are off."""
    return _tracer


def current_traceparent() -> str | None:
    """`traceparent` of the work in this task: of its span, or of the message being handled, if it has one."""
    return _current.get()


@contextmanager
def continuing(traceparent: str | None) -> Iterator[None]:
    """Events created inside the block belong to this trace."""
    token = _current.set(traceparent)
    try:
        yield
    finally:
        _current.reset(token)


def span(
    name: str,
    *,
    kind: Kind = "internal",
    parent: str | None = None,
    begins: bool = False,
    attributes: Attributes = _NO_ATTRIBUTES,
) -> AbstractContextManager[Span]:
    """A span of the present trace, or of `parent`'s. `begins`: it may begin a trace where there is none."""
    if _tracer is None:
        return NO_SPAN
    return _tracer.span(
        name, kind=kind, parent=parent or current_traceparent(), begins=begins, links=(), attributes=attributes
    )


def product_span(
    name: str, *, goes_on: str | None = None, attributes: Attributes = _NO_ATTRIBUTES
) -> AbstractContextManager[Span]:
    """A span where work about many products leads to a message about one of them.

    A trace follows one product: an import or a sync of 100,000 products would be too large for one. So the span belongs
    to the trace `goes_on`, else it begins one, and it is linked to the present work.
    """
    if _tracer is None:
        return NO_SPAN
    present = current_traceparent()
    links = (present,) if present else ()
    return _tracer.span(name, kind="producer", parent=goes_on, begins=True, links=links, attributes=attributes)


@contextmanager
def handling(contexts: Mapping[Place, str]) -> Iterator[None]:
    """Inside the block, `context_of` knows the spans of these messages."""
    token = _of_messages.set(contexts)
    try:
        yield
    finally:
        _of_messages.reset(token)


def context_of(place: Place, own: str | None) -> str | None:
    """The trace context of a message that is being handled: that of its span, else its `own`."""
    contexts = _of_messages.get()
    return own if contexts is None else contexts.get(place, own)


def is_sampled(traceparent: str | None) -> bool:
    """Whether this is the trace context of a span that is recorded (W3C: the lowest bit of the flags)."""
    return traceparent is not None and traceparent[54:55] in _ODD
