"""`products` and `tombstones`: the only module that knows their queries and indexes."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass

from pymongo import ASCENDING, DeleteMany, IndexModel, InsertOne, ReplaceOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from catalog.documents import Document, product_document, read_product, read_tombstone, tombstone_document
from catalog.model import State

_DUPLICATE_KEY = 11000
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Stored:
    """A product's state as read; `revision` is None when there is no document to guard."""

    state: State
    revision: int | None


@dataclass(frozen=True, slots=True)
class Write:
    """One product's step from what was read to what shall be."""

    id: str
    read: Stored
    after: State


class _Lost(Exception):
    """The guard of a transaction did not match."""


class ProductStore:
    """`products` and `tombstones`. Every write is guarded by the revision that was read."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._client = database.client
        self._products = database["products"]
        self._tombstones = database["tombstones"]

    async def ensure_indexes(self) -> None:
        """Create what is missing; what is there already is left alone."""
        await self._products.create_indexes(
            [
                # a sync streams the ON products of one shop
                IndexModel([("shop_key", ASCENDING), ("sync_enabled", ASCENDING), ("_id", ASCENDING)]),
                # the product list's filter (LS-3)
                IndexModel([("shop_key", ASCENDING), ("status", ASCENDING), ("_id", ASCENDING)]),
                # the sweep's candidates
                IndexModel(
                    [("shop_key", ASCENDING), ("removed_upstream.enumeration_id", ASCENDING)],
                    partialFilterExpression={"removed_upstream.enumeration_id": {"$exists": True}},
                ),
                IndexModel(
                    [("tiktok_product_id", ASCENDING)],
                    partialFilterExpression={"tiktok_product_id": {"$type": "string"}},
                ),
            ]
        )
        await self._tombstones.create_indexes([IndexModel([("shop_key", ASCENDING), ("deleted_at", ASCENDING)])])

    async def load(self, ids: Collection[str]) -> dict[str, Stored]:
        """The state of each id, with one query; a second one only for those that are not there."""
        found: dict[str, Stored] = {}
        # All in one reply, as far as 16 MB go, instead of 101 documents and then the rest.
        async for document in self._products.find({"_id": {"$in": list(ids)}}, batch_size=len(ids) + 1):
            found[document["_id"]] = Stored(read_product(document), document["revision"])
        absent = [one for one in ids if one not in found]
        if absent:
            async for document in self._tombstones.find({"_id": {"$in": absent}}, batch_size=len(absent) + 1):
                found[document["_id"]] = Stored(read_tombstone(document), None)
        return {one: found.get(one, Stored(State(), None)) for one in ids}

    async def write(self, writes: Sequence[Write], writer: str) -> set[str]:
        """Write all with one bulk write. Returns the ids that another writer changed meanwhile; those are not written.

        `writer` is unique per call. Deletions are rare and take a transaction each.
        """
        bulk: list[InsertOne[Document] | ReplaceOne[Document]] = []
        for write in writes:
            if write.after.record is None:
                continue
            if write.read.revision is None:
                bulk.append(InsertOne(product_document(write.after, revision=1, writer=writer)))
            else:
                document = product_document(write.after, revision=write.read.revision + 1, writer=writer)
                bulk.append(ReplaceOne({"_id": write.id, "revision": write.read.revision}, document))
        lost = await self._bulk(bulk, [write.id for write in writes if write.after.record is not None], writer)
        returned = [write.id for write in writes if write.read.state.tombstone and write.after.record]
        if cleared := [one for one in returned if one not in lost]:
            await self._tombstones.bulk_write([DeleteMany({"_id": {"$in": cleared}})])
        for write in writes:
            if write.after.tombstone is not None and not await self._bury(write):
                lost.add(write.id)
        return lost

    async def _bulk(
        self, bulk: Sequence[InsertOne[Document] | ReplaceOne[Document]], ids: Sequence[str], writer: str
    ) -> set[str]:
        if not bulk:
            return set()
        try:
            result = await self._products.bulk_write(bulk, ordered=False)
            done = result.inserted_count + result.matched_count
        except BulkWriteError as error:
            details = error.details or {}
            if details.get("writeConcernErrors") or any(
                one.get("code") != _DUPLICATE_KEY for one in details.get("writeErrors", [])
            ):
                raise
            done = -1
        if done == len(bulk):
            return set()
        mine = {
            one["_id"] async for one in self._products.find({"_id": {"$in": list(ids)}, "writer": writer}, {"_id": 1})
        }
        return set(ids) - mine

    async def _bury(self, write: Write) -> bool:
        """Tombstone in, document out, both or neither. Returns False when the product changed meanwhile."""
        tombstone = tombstone_document(write.after)
        if write.read.revision is None:
            await self._tombstones.replace_one({"_id": write.id}, tombstone, upsert=True)
            return True

        async def both(session: AsyncClientSession) -> None:
            guard = {"_id": write.id, "revision": write.read.revision}
            result = await self._products.delete_one(guard, session=session)
            if result.deleted_count == 0:
                raise _Lost
            await self._tombstones.replace_one({"_id": write.id}, tombstone, upsert=True, session=session)

        async with self._client.start_session() as session:
            try:
                await session.with_transaction(both)
            except _Lost:
                return False
        return True

    async def versions(self, ids: Collection[str]) -> dict[str, int]:
        """Present version of those that are there."""
        found = self._products.find({"_id": {"$in": list(ids)}}, {"version": 1}, batch_size=len(ids) + 1)
        return {document["_id"]: document["version"] async for document in found}

    async def sku_numbers(self, ids: Collection[str]) -> dict[str, set[tuple[str, str]]]:
        """SKUs that each of these products has ever had; products that are not there are left out."""
        fields = {"stock.vertical_no": 1, "stock.horizontal_no": 1}
        return {
            document["_id"]: {(sku["vertical_no"], sku["horizontal_no"]) for sku in document["stock"]}
            async for document in self._products.find({"_id": {"$in": list(ids)}}, fields)
        }

    async def push_states(self, ids: Collection[str]) -> dict[str, Document]:
        """What a sync asks of named products: `sync_enabled` and `status`."""
        found = self._products.find({"_id": {"$in": list(ids)}}, {"sync_enabled": 1, "status": 1})
        return {document["_id"]: document async for document in found}

    async def enabled(self, shop_key: str) -> AsyncIterator[list[Document]]:
        """All ON products of a shop in pages, in constant memory: `product_no`, `sync_enabled`, `status`."""
        async for page in self._pages(
            {"shop_key": shop_key, "sync_enabled": True}, {"product_no": 1, "sync_enabled": 1, "status": 1}
        ):
            yield page

    async def ids_of_shop(self, shop_key: str) -> AsyncIterator[list[str]]:
        """All products of a shop in pages."""
        async for page in self._pages({"shop_key": shop_key}, {"_id": 1}):
            yield [document["_id"] for document in page]

    async def _pages(self, query: Document, fields: Mapping[str, int]) -> AsyncIterator[list[Document]]:
        """Page by `_id` instead of one long cursor: a slow consumer between pages cannot time it out."""
        after = ""
        while True:
            cursor = self._products.find({**query, "_id": {"$gt": after}}, fields).sort("_id", ASCENDING).limit(_PAGE)
            page = await cursor.to_list()
            if not page:
                return
            yield page
            after = page[-1]["_id"]
