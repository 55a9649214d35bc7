"""What holds whatever has gone wrong: nothing lost, nothing invented, nothing skipped."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from shopsync_contracts import Event, TopicSpec, parse
from shopsync_contracts.topics import (
    CATALOG_PRODUCTS,
    DEAD_LETTERS,
    DELETE_COMMANDS,
    LISTING_EVENTS,
    PRODUCT_CHANGES,
    TOOL_EDITS,
)
from shopsync_rehearsals.endurance.expected import fold
from shopsync_rehearsals.endurance.load import POISON_HEADER, Load, Sent
from shopsync_rehearsals.endurance.log import Log, Record
from shopsync_rehearsals.month.compare import Difference, differing, document_facts, record_facts
from shopsync_rehearsals.month.snapshot_check import compared, newest_values

Document = dict[str, Any]
Place = tuple[str, int, int]

SOURCES: tuple[TopicSpec, ...] = (PRODUCT_CHANGES, TOOL_EDITS)
_SHOWN = 10
_PAUSE = 0.3


def groups(prefix: str) -> dict[str, list[str]]:
    """The catalogue's groups that follow the load, with the topics whose ends they have to reach."""
    products = (PRODUCT_CHANGES, TOOL_EDITS, LISTING_EVENTS, DELETE_COMMANDS)
    return {
        f"{prefix}.catalog.products": [spec.full_name(prefix) for spec in products],
        f"{prefix}.catalog.snapshot-check": [CATALOG_PRODUCTS.full_name(prefix)],
    }


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found once everything was worked off. `wrong` is empty when all invariants hold.

    `repeated_letters`: dead letters beyond one for each poison, which crashes may leave.
    """

    messages: int
    products: int
    poison: int
    repeated_letters: int
    unknown: int
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        text = f"{self.messages:,} messages of {self.products:,} products, {self.poison} of them poison: nothing lost"
        return "\n".join(self.wrong[:_SHOWN]) if self.wrong else text


async def settled(log: Log, database: AsyncDatabase[Document], prefix: str, load: Load, *, patience: float) -> Findings:
    """What is found once everything is worked off and nothing is wrong, or when the patience is over.

    What was late is put right meanwhile, such as the snapshot of a replica that was cut off.
    """
    deadline = time.monotonic() + patience
    while True:
        behind = await log.behind(groups(prefix))
        waiting = await database["held_messages"].count_documents({})
        over = time.monotonic() > deadline
        if over or not (behind or waiting):
            findings = await check(log, database, prefix, load)
            if over or not findings.wrong:
                return findings
        await asyncio.sleep(_PAUSE)


async def check(log: Log, database: AsyncDatabase[Document], prefix: str, load: Load) -> Findings:
    """Compare Kafka, MongoDB and the model, for the load's shop. Everything has to be worked off already."""
    records = _of(load.shop, await log.records([spec.full_name(prefix) for spec in SOURCES]))
    poison = [one for one in records if POISON_HEADER in dict(one.headers)]
    events = _events([one for one in records if POISON_HEADER not in dict(one.headers)], prefix)
    letters = _of(load.shop, await log.records([DEAD_LETTERS.full_name(prefix)]))
    found = [document async for document in database["products"].find({"shop_key": load.shop})]
    stored = {document["_id"]: document for document in found}
    snapshots = await log.partitions([CATALOG_PRODUCTS.full_name(prefix)])
    newest = await newest_values(log.bootstrap_servers, snapshots)
    mine = {subject: value for subject, value in newest.items() if subject.startswith(f"{load.shop}/")}
    wrong = [
        *_acknowledged(load.sent, events, poison),
        *_as_the_rules_say(stored, [event for _, event in events]),
        *_applied(stored, events),
        *_letters(poison, letters),
        *map(str, compared(mine, stored)),
        *[f"{group} is {behind} behind" for group, behind in (await log.behind(groups(prefix))).items()],
    ]
    repeated = len(letters) - len(poison)
    return Findings(len(records), len(stored), len(poison), repeated, load.sent.unknown, wrong)


def _of(shop: str, records: Iterable[Record]) -> list[Record]:
    """Those about products of one shop."""
    return [one for one in records if (one.key or b"").startswith(f"{shop}/".encode())]


def _events(records: Iterable[Record], prefix: str) -> list[tuple[Record, Event[Any]]]:
    specs = {spec.full_name(prefix): spec for spec in SOURCES}
    return [(one, parse(one.value, key=one.key, topic=specs[one.topic])) for one in records]


def _acknowledged(sent: Sent, events: Sequence[tuple[Record, Event[Any]]], poison: Sequence[Record]) -> Iterator[str]:
    """Kafka holds what it has acknowledged."""
    if lost := sent.acknowledged - {event.id for _, event in events}:
        yield f"Kafka has lost {len(lost)} messages that it had acknowledged, such as {sorted(lost)[:3]}"
    if gone := sent.poison - {_place(one) for one in poison}:
        yield f"Kafka has lost {len(gone)} poisoned messages that it had acknowledged"


def _as_the_rules_say(stored: Mapping[str, Document], events: Iterable[Event[Any]]) -> Iterator[str]:
    """MongoDB holds what the rules make of the log's messages."""
    records = fold(events)
    for subject in sorted(records.keys() ^ stored.keys()):
        yield f"{subject}: is in MongoDB: {subject in stored}, is in the log: {subject in records}"
    differences: list[Difference] = []
    for subject in records.keys() & stored.keys():
        record, document = records[subject], stored[subject]
        differences += differing(subject, record_facts(record), document_facts(document))
        if document["status"] not in record.statuses():
            differences.append(Difference(subject, "status", sorted(record.statuses()), document["status"]))
    yield from map(str, differences)


def _applied(stored: Mapping[str, Document], events: Iterable[tuple[Record, Event[Any]]]) -> Iterator[str]:
    """Each product has applied the last of its messages in every partition: none was skipped at the end."""
    last: dict[str, dict[tuple[str, int], int]] = {}
    for record, event in events:
        last.setdefault(event.subject, {})[record.topic, record.partition] = record.offset
    for subject in last.keys() & stored.keys():
        for (topic, partition), offset in last[subject].items():
            known = [one for one in stored[subject]["offsets"] if topic.endswith(one["topic"])]
            applied = [one["offset"] for one in known if one["partition"] == partition]
            if applied != [offset]:
                yield f"{subject}: applied up to {applied} of {topic}/{partition}, its last message is at {offset}"


def _letters(poison: Sequence[Record], letters: Sequence[Record]) -> Iterator[str]:
    """The dead letters hold exactly the poison, unchanged. A crash may repeat one, with the same coordinates."""
    expected = {_place(one): one for one in poison}
    found: Counter[Place] = Counter()
    for letter in letters:
        headers = dict(letter.headers)
        topic, partition, offset = (headers[name].decode() for name in ("x-topic", "x-partition", "x-offset"))
        place = (topic, int(partition), int(offset))
        found[place] += 1
        if place not in expected:
            yield f"a dead letter of a good message at {place}: {headers['x-error'].decode()}"
        elif (letter.key, letter.value or b"") != (expected[place].key, expected[place].value or b""):
            yield f"the dead letter of {place} does not hold its bytes"
    if missing := expected.keys() - found.keys():
        yield f"{len(missing)} poisoned messages have no dead letter, such as {sorted(missing)[:3]}"


def _place(record: Record) -> Place:
    return record.topic, record.partition, record.offset
