"""Traces through the fold: its spans, and where the trace of a product goes on."""

from collections.abc import Callable, Sequence
from typing import Protocol

from catalog.rules.merge import Folded, ReceivedMessage
from catalog.rules.model import Rules, State
from shopsync_contracts.topics import LISTING_EVENTS
from shopsync_runtime.tracing import context_of, current_traceparent, is_sampled, span, tracer

Fold = Callable[[str, State, Rules], Folded]
"""From a product's id, `{shop_key}/{product_no}`, and its state to the next state."""


class FoldTraces(Protocol):
    """The traces of some products."""

    def around(self, fold_one: Fold) -> Fold:
        """The fold with a span for each product that is traced."""

    def of(self, product: str) -> str | None:
        """The context of the product's last fold: its snapshot belongs to it."""

    def kept(self, product: str) -> str | None:
        """The context that the product's document keeps, for the push command that a later sync makes of it."""


class _NoTraces:
    def around(self, fold_one: Fold) -> Fold:
        return fold_one

    def of(self, product: str) -> str | None:  # noqa: ARG002
        return None

    kept = of


NO_TRACES: FoldTraces = _NoTraces()
"""What does nothing, in nearly no time."""


class _Traces:
    def __init__(self, newest: dict[str, tuple[ReceivedMessage, str]]) -> None:
        self._newest = newest
        self._folded: dict[str, str] = {}

    def around(self, fold_one: Fold) -> Fold:
        def fold(one: str, state: State, rules: Rules) -> Folded:
            if one not in self._newest:
                return fold_one(one, state, rules)
            message, parent = self._newest[one]
            with span("fold", parent=parent, attributes={"shopsync.event_id": message.event.id}) as made:
                folded = fold_one(one, state, rules)
                made.note("shopsync.changed", folded.state.snapshot is not state.snapshot)
                if (snapshot := folded.state.snapshot) is not None:
                    made.note("shopsync.status", snapshot["status"])
                    made.note("shopsync.version", snapshot["version"])
                    made.note("shopsync.content_version", snapshot["content_version"])
                self._folded[one] = current_traceparent() or parent
            return folded

        return fold

    def of(self, product: str) -> str | None:
        return self._folded.get(product)

    def kept(self, product: str) -> str | None:
        """None after TikTok's outcome: the trace ends there, and a sync of next week is no part of it."""
        message, _ = self._newest.get(product, (None, ""))
        is_outcome = message is None or message.topic.endswith(f".{LISTING_EVENTS.name}")
        return None if is_outcome else self._folded.get(product)


def traces_of(messages: Sequence[ReceivedMessage]) -> FoldTraces:
    """The traces of these messages' products: of the newest message of each that is sampled."""
    if tracer() is None:
        return NO_TRACES
    newest: dict[str, tuple[ReceivedMessage, str]] = {}
    for message in messages:
        context = context_of(message.place, message.event.traceparent)
        if context is not None and is_sampled(context):
            newest[message.event.subject] = message, context
    return _Traces(newest) if newest else NO_TRACES
