"""Tracking published messages until it is known what became of each.

A service commits a message's offset after its effect is stored, after it is held, or after its dead letter is
acknowledged. So three cases are left for a message that every group has passed: it is held; or there is a dead letter
with exactly its topic, partition and offset; or it was applied. Checked in this order the answer is certain, because a
held message leaves the collection only after it was applied or its dead letter was acknowledged.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.group_offsets import committed
from shopsync_cli.kafka.records import Place
from shopsync_cli.mongo.database import connected
from shopsync_cli.publishing.outcomes import Fate, Outcome, Sent
from shopsync_cli.publishing.replies import Replies, read_replies
from shopsync_cli.settings import MongoSettings
from shopsync_contracts import bulk_edit_part_id
from shopsync_contracts.access import readers_of
from shopsync_contracts.events import EditVerdict, ProductEdited, ProductsBulkEdited, SyncTargetSet
from shopsync_contracts.topics import DELETE_COMMANDS, LISTING_EVENTS, PRODUCT_CHANGES, TOOL_EDITS
from shopsync_readmodel.stored.effects import overtaken
from shopsync_readmodel.stored.layers import Document, read_layers
from shopsync_runtime.chunks import batched
from shopsync_runtime.mongo import Database

_PAUSE_SECONDS = 0.3
_AT_ONCE = 500
_ABOUT_PRODUCTS = (PRODUCT_CHANGES, TOOL_EDITS, LISTING_EVENTS, DELETE_COMMANDS)

Publish = Callable[[], Awaitable[list[Sent]]]


async def publish_and_track(
    cluster: Cluster, publish: Publish, *, mongo: MongoSettings | None, seconds: float
) -> list[Outcome]:
    """Publish; with `mongo`, wait until it is known what became of each message, for `seconds` at most."""
    if mongo is None:
        return [Outcome(one, Fate.PUBLISHED) for one in await publish()]
    async with connected(mongo) as database, read_replies(cluster) as replies:
        # Before anything is published: a wrong database or password must not come to light afterwards.
        await database["products"].find_one({}, {"_id": 1})
        sent = await publish()
        return await track(cluster, database, replies, sent, seconds=seconds)


async def track(
    cluster: Cluster, database: Database, replies: Replies, sent: Sequence[Sent], *, seconds: float
) -> list[Outcome]:
    """What became of each message, in the given order; of a bulk edit one outcome per product.

    Ends when all outcomes are final, or after `seconds`: the others are then `held` or `waiting`.
    """
    tracker = _Tracker(cluster, database, replies)
    deadline = asyncio.get_running_loop().time() + seconds
    async with cluster.admin() as admin:
        while True:
            await tracker.update(admin, sent)
            if tracker.settled(sent) or asyncio.get_running_loop().time() > deadline:
                return [outcome for one in sent for outcome in tracker.outcomes(one)]
            await asyncio.sleep(_PAUSE_SECONDS)


class _Tracker:
    """What is known so far. `_ends`: outcomes that are final; `_held`: messages that were held at the last update."""

    def __init__(self, cluster: Cluster, database: Database, replies: Replies) -> None:
        self._cluster = cluster
        self._database = database
        self._replies = replies
        self._ends: dict[Place, Outcome] = {}
        self._held: set[Place] = set()

    def settled(self, sent: Iterable[Sent]) -> bool:
        return all(one.place in self._ends and all(p.place in self._ends for p in self._parts(one)) for one in sent)

    async def update(self, admin: AIOKafkaAdminClient, sent: Sequence[Sent]) -> None:
        """One round. Parts of a bulk edit whose report has come are checked in the same round."""
        await self._settle(admin, sent)
        await self._settle(admin, [part for one in sent for part in self._parts(one)])

    async def _settle(self, admin: AIOKafkaAdminClient, sent: Sequence[Sent]) -> None:
        passed = await self._passed(admin, [one for one in sent if one.place not in self._ends])
        if not passed:
            return
        held = await self._held_now(passed)
        await self._replies.catch_up()
        self._held = (self._held - {one.place for one in passed}) | held
        applied = []
        for one in passed:
            if (letter := self._replies.letters.get(one.place)) is not None:
                self._ends[one.place] = Outcome(one, Fate.REFUSED, error_type=letter.error_type, reason=letter.error)
            elif one.place not in held:
                applied.append(one)
        for some in batched(applied, _AT_ONCE):
            self._ends |= await self._applied(some)

    async def _passed(self, admin: AIOKafkaAdminClient, sent: Sequence[Sent]) -> list[Sent]:
        """Those whose offset every group that reads the topic has committed."""
        waiting: dict[str, set[TopicPartition]] = {}
        for one in sent:
            for group in readers_of(one.spec, self._cluster.prefix):
                waiting.setdefault(group, set()).add(TopicPartition(*one.place[:2]))
        reached = {group: await committed(admin, group, parts) for group, parts in waiting.items()}

        def is_passed(one: Sent) -> bool:
            part, offset = TopicPartition(*one.place[:2]), one.place[2]
            return all(reached[group].get(part, 0) > offset for group in readers_of(one.spec, self._cluster.prefix))

        return [one for one in sent if is_passed(one)]

    async def _held_now(self, sent: Sequence[Sent]) -> set[Place]:
        """Which of them wait in `held_messages`."""
        found: set[Place] = set()
        edits = [one for one in sent if one.spec is TOOL_EDITS]
        for some in batched(edits, _AT_ONCE):
            subjects = {one.subject for one in some}
            query = {"subject": {"$in": sorted(subjects)}}
            fields = {"topic": 1, "partition": 1, "offset": 1}
            async for held in self._database["held_messages"].find(query, fields):
                found.add((held["topic"], held["partition"], held["offset"]))
        return found & {one.place for one in edits}

    async def _applied(self, sent: Sequence[Sent]) -> dict[Place, Outcome]:
        ids = {one.subject for one in sent if one.spec in _ABOUT_PRODUCTS}
        products = {doc["_id"]: doc async for doc in self._database["products"].find({"_id": {"$in": sorted(ids)}})}
        return {one.place: _outcome(one, products.get(one.subject)) for one in sent}

    # Bulk edits -------------------------------------------------------------------------------------------------

    def _verdicts(self, one: Sent) -> list[EditVerdict]:
        """Those of its report; it is published before the bulk edit's offset is committed."""
        if one.event is None or not isinstance(one.event.data, ProductsBulkEdited):
            return []
        report = self._replies.reports.get(one.event.id)
        return [] if report is None or not report.complete else report.verdicts

    def _parts(self, one: Sent) -> list[Sent]:
        accepted = {one.product_no for one in self._verdicts(one) if one.verdict == "accepted"}
        return [part for product_no in sorted(accepted) for part in self._parts_of(one, product_no)]

    def _parts_of(self, one: Sent, product_no: str) -> list[Sent]:
        if one.event is None:
            return []
        ids = [bulk_edit_part_id(one.event.id, product_no, body) for body in (ProductEdited, SyncTargetSet)]
        return [self._replies.edits[part] for part in ids if part in self._replies.edits]

    def outcomes(self, one: Sent) -> list[Outcome]:
        """Of the message; of a bulk edit those of its products, once its report is there."""
        verdicts = self._verdicts(one)
        if one.place not in self._ends or not verdicts:
            return [self._outcome(one)]
        return [
            Outcome(one, Fate.REFUSED, reason=verdict.reason, product_no=verdict.product_no)
            if verdict.verdict == "refused"
            else self._of_product(one, verdict.product_no)
            for verdict in verdicts
        ]

    def _of_product(self, one: Sent, product_no: str) -> Outcome:
        outcomes = [self._outcome(part) for part in self._parts_of(one, product_no)]
        return max(outcomes, key=lambda outcome: outcome.fate.urgency).of_bulk(one, product_no)

    def _outcome(self, one: Sent) -> Outcome:
        if (known := self._ends.get(one.place)) is not None:
            return known
        if one.place in self._held:
            return Outcome(one, Fate.HELD, reason="waits for its product or SKU to come from futureshop")
        readers = ", ".join(readers_of(one.spec, self._cluster.prefix))
        return Outcome(one, Fate.WAITING, reason=f"{readers} has not come to it yet (see `shopsync lag`)")


def _outcome(one: Sent, product: Document | None) -> Outcome:
    if one.spec not in _ABOUT_PRODUCTS or one.event is None or isinstance(one.event.data, ProductsBulkEdited):
        return Outcome(one, Fate.HANDLED)
    if product is None or "burial" in product:
        return Outcome(one, Fate.HANDLED, reason="the product is not in the catalogue")
    standing = frozenset(product.get("edited_fields") or ())
    note = overtaken(one.event, read_layers(product), standing)
    return Outcome(one, Fate.APPLIED, version=product.get("version"), status=product.get("status"), reason=note)
