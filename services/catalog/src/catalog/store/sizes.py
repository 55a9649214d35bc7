"""Checks before the write that a product fits into MongoDB and Kafka. Once stored, it must be publishable."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import bson
import orjson

from catalog.errors import OutOfLimits
from catalog.rules.merge import Folded, ReceivedMessage, fold
from catalog.rules.model import Rules, Snapshot, State
from catalog.store.documents import product_document, product_id
from shopsync_contracts.limits import MAX_DOCUMENT_BYTES
from shopsync_contracts.topics import CATALOG_PRODUCTS

_ENVELOPE_ROOM = 8 * 1024
"""Bytes for the envelope, key, headers and batch around a snapshot, and for what a later write adds to a document."""

_SMALL = 1024 * 1024
"""Below this many bytes of snapshot, the document surely fits too, so it need not be encoded to find out."""

_WRITER = "0" * 32


def check_size(state: State) -> None:
    """Raise OutOfLimits with what is too large, its bytes and the limit."""
    if state.record is None or state.snapshot is None:
        return
    subject = product_id(state.record.shop_key, state.record.product_no)
    published = len(orjson.dumps(state.snapshot)) + _ENVELOPE_ROOM
    if published > CATALOG_PRODUCTS.max_message_bytes:
        raise OutOfLimits(
            f"the snapshot of product {subject} would have {published} bytes, {CATALOG_PRODUCTS.name} takes"
            f" {CATALOG_PRODUCTS.max_message_bytes}; {_largest(state.snapshot)}"
        )
    if published < _SMALL:
        return
    stored = len(bson.encode(product_document(state, revision=2**53, writer=_WRITER))) + _ENVELOPE_ROOM
    if stored > MAX_DOCUMENT_BYTES:
        raise OutOfLimits(
            f"the document of product {subject} would have {stored} bytes, MongoDB takes {MAX_DOCUMENT_BYTES};"
            f" {_largest(state.snapshot)}"
        )


def _largest(snapshot: Snapshot) -> str:
    members = {**snapshot, **snapshot["content"]}
    sizes = {name: len(_text(value)) for name, value in members.items() if name != "content"}
    name = max(sizes, key=lambda one: sizes[one])
    return f"the largest member is {name} with {sizes[name]} bytes"


def _text(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else orjson.dumps(value)


def fold_within_limits(state: State, messages: Sequence[ReceivedMessage], rules: Rules, now: datetime) -> Folded:
    """Like `fold`, but a message that would make the product too large is left out and waits for its dead letter.

    It is held like a message about an unknown product, so that no crash before its dead letter can lose it.
    """
    folded = fold(state, messages, rules, now)
    try:
        check_size(folded.state)
    except OutOfLimits:
        return _fold_what_fits(state, messages, rules, now)
    return folded


def _fold_what_fits(state: State, messages: Sequence[ReceivedMessage], rules: Rules, now: datetime) -> Folded:
    fitting: list[ReceivedMessage] = []
    too_large: list[tuple[ReceivedMessage, OutOfLimits]] = []
    for message in messages:
        try:
            check_size(fold(state, [*fitting, message], rules, now).state)
        except OutOfLimits as error:
            too_large.append((message, error))
        else:
            fitting.append(message)
    folded = fold(state, fitting, rules, now)
    folded.waiting += too_large
    return folded
