"""The processor time of each part of the catalogue's work: its own functions on the benchmark's messages.

There are no servers in it and nothing is waited for, so what is missing to the process's whole time is spent in the
clients of Kafka and MongoDB and in the event loop.

Run as a program, so that only its process needs the service: `python -m shopsync_rehearsals.bench.catalogue.parts`
PRODUCTS SEED prints JSON, microseconds per message by phase and part.
"""

import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import bson
from bson.codec_options import CodecOptions

from catalog.rules.merge import Folded, ReceivedMessage
from catalog.rules.model import Rules, Snapshot, State
from catalog.store.documents import product_document, product_id
from catalog.store.read_documents import read_product
from catalog.store.sizes import fold_within_limits
from shopsync_contracts import Event, PlainEvent, parse
from shopsync_contracts.events import ProductSnapshot
from shopsync_contracts.topics import PRODUCT_CHANGES
from shopsync_rehearsals.bench.catalogue.messages import messages
from shopsync_rehearsals.bench.catalogue.plan import Amount, Phase

PHASES = (Phase.FIRST_IMPORT, Phase.UPDATE, Phase.NOTHING_CHANGED)
_REPEATS = 3
_AWARE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
_RULES = Rules()
_NOW = datetime(2025, 2, 1, tzinfo=UTC)

T = TypeVar("T")


class Stopwatch:
    """Times each part. Of several repeats the shortest counts: the others were disturbed."""

    def __init__(self, messages: int) -> None:
        self._messages = messages
        self.parts: dict[str, float] = {}

    def time(self, part: str, work: Callable[[], T]) -> T:
        """Do the work, and note its microseconds per message."""
        taken = []
        for _ in range(_REPEATS):
            gc.collect()
            began = time.process_time_ns()
            result = work()
            taken.append(time.process_time_ns() - began)
        self.parts[part] = min(taken) / 1000 / self._messages
        return result


def parts(products: int, seed: int) -> dict[str, dict[str, float]]:
    """Microseconds per message of every part, for each of the phases in which they differ."""
    stored: dict[str, bytes] = {}
    return {
        phase: _parts_of(list(messages(phase, Amount(products, 0), seed)), stored, offset=place * products)
        for place, phase in enumerate(PHASES)
    }


def _parts_of(events: Sequence[Event[Any]], stored: dict[str, bytes], *, offset: int) -> dict[str, float]:
    """The way of one phase's messages. `stored`: encoded documents by id, replaced by the phase's."""
    values = [(event.key(), event.to_bytes()) for event in events]
    watch = Stopwatch(len(events))
    parsed = watch.time(
        "JSON, parsed and checked", lambda: [parse(value, key=key, topic=PRODUCT_CHANGES) for key, value in values]
    )
    states = _read(watch, [stored[event.subject] for event in parsed]) if stored else [State() for _ in parsed]
    received = [
        ReceivedMessage(event, PRODUCT_CHANGES.name, 0, offset + place, _NOW) for place, event in enumerate(parsed)
    ]
    folded = watch.time(
        "rules and size",
        lambda: [fold_within_limits(state, [one], _RULES, _NOW) for state, one in zip(states, received, strict=True)],
    )
    documents = watch.time("document", lambda: [product_document(one.state, revision=1, writer="") for one in folded])
    encoded = watch.time("BSON, encoded", lambda: [bson.encode(document) for document in documents])
    stored.update(zip((document["_id"] for document in documents), encoded, strict=True))
    _publish(watch, folded, states)
    return watch.parts


def _read(watch: Stopwatch, encoded: Sequence[bytes]) -> list[State]:
    documents = watch.time("BSON, decoded", lambda: [bson.decode(one, codec_options=_AWARE) for one in encoded])
    return watch.time("state from the document", lambda: [read_product(document) for document in documents])


def _publish(watch: Stopwatch, folded: Sequence[Folded], states: Sequence[State]) -> None:
    """Only snapshots that a reader would see changed are published."""
    changed = [
        after.state.snapshot
        for after, before in zip(folded, states, strict=True)
        if after.state.snapshot is not None and after.state.snapshot is not before.snapshot
    ]
    watch.time("snapshot, JSON", lambda: [_message(snapshot) for snapshot in changed])


def _message(snapshot: Snapshot) -> bytes:
    subject = product_id(snapshot["shop_key"], snapshot["product_no"])
    time = snapshot["changed_at"]
    return PlainEvent(ProductSnapshot, snapshot, subject, subject, "/shopsync/catalog", time).to_bytes()


if __name__ == "__main__":
    print(json.dumps(parts(int(sys.argv[1]), int(sys.argv[2]))))  # noqa: T201 - what the program is for
