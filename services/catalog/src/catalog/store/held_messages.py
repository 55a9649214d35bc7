"""`held_messages`: messages whose product or SKU may still come on another topic, or that make it too large.

They are stored so that their offsets can be committed and the partition goes on. Once every product change published
before them has been applied, they are applied too or become dead letters.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from pymongo import ASCENDING, IndexModel, ReplaceOne
from pymongo.asynchronous.database import AsyncDatabase

from catalog.rules.merge import ReceivedMessage
from catalog.store.documents import Document
from shopsync_contracts import ContractError, TopicSpec, parse
from shopsync_contracts.topics import DELETE_COMMANDS, LISTING_EVENTS, PRODUCT_CHANGES, TOOL_EDITS
from shopsync_runtime import Delivery
from shopsync_runtime.deadletters import DeadLetter

PRODUCT_TOPICS = (PRODUCT_CHANGES, TOOL_EDITS, LISTING_EVENTS, DELETE_COMMANDS)
"""Topics whose messages change products and may be held."""


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """One waiting message: as input of the fold, and with the bytes for a dead letter."""

    id: str
    message: ReceivedMessage
    delivery: Delivery

    def dead_letter(self, error: Exception) -> DeadLetter:
        """The original bytes with the reason why the message was refused."""
        one = self.delivery
        return DeadLetter(one.topic, one.partition, one.offset, one.key, one.value, one.headers, error)


def message_of(delivery: Delivery, *, held: bool = False) -> ReceivedMessage:
    """The part of a delivery that the rules need."""
    return ReceivedMessage(
        delivery.event, delivery.topic, delivery.partition, delivery.offset, delivery.timestamp, held=held
    )


@dataclass(frozen=True, slots=True)
class UnreadableMessage:
    """A message that an earlier version held and that the contract refuses now."""

    id: str
    letter: DeadLetter


class HeldMessages:
    """The collection. `specs` are the topics whose messages may be held."""

    def __init__(self, database: AsyncDatabase[Document], specs: Sequence[TopicSpec]) -> None:
        self._collection = database["held_messages"]
        self._specs = {spec.name: spec for spec in specs}

    async def ensure_indexes(self) -> None:
        """Create missing indexes."""
        await self._collection.create_indexes(
            [
                IndexModel([("subject", ASCENDING)]),
                IndexModel([("shop_key", ASCENDING)]),
                IndexModel([("held_at", ASCENDING), ("_id", ASCENDING)]),
            ]
        )

    async def hold(self, deliveries: Collection[Delivery], now: datetime) -> None:
        """Store these. A message that is held already is not stored twice."""
        writes = [ReplaceOne({"_id": _id(one)}, _document(one, now), upsert=True) for one in deliveries]
        if writes:
            await self._collection.bulk_write(writes, ordered=False)

    async def about(self, subjects: Collection[str]) -> list[HeldMessage]:
        """Held messages about these subjects, oldest first."""
        # Sorted here: asked for this order, MongoDB may take the index of it and read all that is held.
        found = await self._collection.find({"subject": {"$in": list(subjects)}}).to_list()
        read = [self._read(one) for one in sorted(found, key=lambda one: (one["held_at"], one["_id"]))]
        return [one for one in read if isinstance(one, HeldMessage)]

    async def oldest(self, limit: int) -> list[HeldMessage | UnreadableMessage]:
        """The oldest held messages, in order."""
        found = self._collection.find().sort([("held_at", 1), ("_id", 1)]).limit(limit)
        return [self._read(one) for one in await found.to_list()]

    async def ids_of_shop(self, shop_key: str) -> list[str]:
        """Ids of the messages that are held for this shop."""
        return [one["_id"] async for one in self._collection.find({"shop_key": shop_key}, {"_id": 1})]

    async def any_left(self, ids: Collection[str]) -> bool:
        """Whether one of these is still held."""
        return await self._collection.find_one({"_id": {"$in": list(ids)}}, {"_id": 1}) is not None

    async def release(self, ids: Collection[str]) -> None:
        """Delete messages that are applied or dead letters now."""
        if ids:
            await self._collection.delete_many({"_id": {"$in": list(ids)}})

    def _read(self, document: Document) -> HeldMessage | UnreadableMessage:
        spec = self._specs[document["spec"]]
        headers = tuple((name, value) for name, value in document["headers"])
        try:
            parsed = parse(document["value"], key=document["key"], topic=spec)
        except ContractError as error:
            place = document["topic"], document["partition"], document["offset"]
            return UnreadableMessage(
                document["_id"], DeadLetter(*place, document["key"], document["value"], headers, error)
            )
        delivery = Delivery(
            topic=document["topic"],
            partition=document["partition"],
            offset=document["offset"],
            timestamp=document["timestamp"],
            key=document["key"],
            value=document["value"],
            headers=headers,
            spec=spec,
            parsed=parsed,
        )
        return HeldMessage(document["_id"], message_of(delivery, held=True), delivery)


def _id(delivery: Delivery) -> str:
    # The padded offset sorts messages held in the same millisecond in their order of arrival.
    return f"{delivery.topic}/{delivery.partition}/{delivery.offset:020}"


def _document(delivery: Delivery, now: datetime) -> Document:
    return {
        "_id": _id(delivery),
        "subject": delivery.event.subject,
        "shop_key": delivery.event.data.shop_key,
        "spec": delivery.spec.name,
        "topic": delivery.topic,
        "partition": delivery.partition,
        "offset": delivery.offset,
        "timestamp": delivery.timestamp,
        "key": delivery.key,
        "value": delivery.value,
        "headers": [[name, value] for name, value in delivery.headers],
        "held_at": now,
    }
