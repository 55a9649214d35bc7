"""`products` and `tombstones`: the only module that knows their queries and indexes."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument
from msgspec import Struct
from pymongo import ASCENDING, DeleteMany, IndexModel, InsertOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from catalog.rules.model import State
from catalog.store.documents import Document, layer_changes, product_document, tombstone_document
from catalog.store.read_documents import read_product, read_tombstone
from shopsync_runtime import failpoint

_DUPLICATE_KEY = 11000
_PAGE = 500
_FOR_A_SYNC = {"sync_enabled": 1, "status": 1, "traceparent": 1}
_Change = InsertOne[Any] | ReplaceOne[Any] | UpdateOne


class Stored(Struct, frozen=True):
    """A product's state as read. `revision` is None when there is no document."""

    state: State
    revision: int | None


class Write(Struct, frozen=True):
    """The change of one product from the state read to the next one, encoded.

    `change` is the guarded operation that decides it. `burial` is the tombstone of a product that this deletes,
    `tombstone` the newer one of a product that was deleted before. A product that `returns` has had one.
    """

    id: str
    change: _Change | None
    is_visible: bool
    burial: Document | None = None
    tombstone: Document | None = None
    returns: bool = False


def prepare(one: str, read: Stored, after: State, writer: str, traceparent: str | None = None) -> Write:
    """The write of one product. `writer` is unique per call of `ProductStore.write`.

    `traceparent` is kept until readers see the product change again.

    All is encoded here, while the state is in the processor's cache: a batch of states does not fit into it.
    """
    change = _change(one, read, after, writer, traceparent)
    if after.tombstone is None:
        return Write(one, change, after.snapshot is not read.state.snapshot, returns=read.state.tombstone is not None)
    document = tombstone_document(after)
    if read.state.tombstone is not None:
        return Write(one, change, is_visible=False, tombstone=document)
    return Write(one, change, is_visible=read.state.snapshot is not None, burial=document)


def _change(one: str, read: Stored, after: State, writer: str, traceparent: str | None) -> _Change | None:
    if after.tombstone is not None:
        if read.revision is None:
            return None
        mark = {"burial": tombstone_document(after), "revision": read.revision + 1, "writer": writer}
        return UpdateOne({"_id": one, "revision": read.revision}, {"$set": mark})
    if after.record is None:
        return None
    if read.revision is None:
        return InsertOne(_encoded(after, 1, writer, traceparent))
    guard, revision = {"_id": one, "revision": read.revision}, read.revision + 1
    if after.snapshot is read.state.snapshot:
        changes = layer_changes(read.state, after)
        return UpdateOne(guard, {"$set": {**changes, "revision": revision, "writer": writer}})
    return ReplaceOne(guard, _encoded(after, revision, writer, traceparent))


class _Encoded(RawBSONDocument):
    """An encoded document, as PyMongo takes it. Its own would be decoded again when it is asked whether it is empty."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return True


def _encoded(state: State, revision: int, writer: str, traceparent: str | None) -> _Encoded:
    document = product_document(state, revision=revision, writer=writer)
    if traceparent is not None:
        document["traceparent"] = traceparent
    return _Encoded(bson.encode(document))


_LISTED = ("shop_key", "_id", "content.name", "status", "sync_enabled", "content.category_id")
_BY_STATUS = ("shop_key", "status", "_id", "sync_enabled", "content.category_id")


class ProductStore:
    """`products` and `tombstones`. Every write is guarded by the revision that was read."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._products = database["products"]
        self._tombstones = database["tombstones"]

    async def ensure_indexes(self) -> None:
        """Create missing indexes."""
        await self._products.create_indexes(
            [
                # a sync streams the ON products of one shop
                IndexModel([("shop_key", ASCENDING), ("sync_enabled", ASCENDING), ("_id", ASCENDING)]),
                # the product list's filter (LS-3), and the counts before a sync of what it takes
                IndexModel([(name, ASCENDING) for name in _BY_STATUS], name="by_status"),
                # the list by a part of the name with other conditions (LS-2, LS-4), and the counts before a sync: in
                # the list's order, and compared without reading products
                IndexModel([(name, ASCENDING) for name in _LISTED], name="listed"),
                # hidden listings that a sync would put on sale again (LY-6)
                IndexModel(
                    [("shop_key", ASCENDING), ("listing.review.state", ASCENDING), ("_id", ASCENDING)],
                    name="hidden",
                    partialFilterExpression={"listing.review.state": "deactivated"},
                ),
                # the edits that an overwrite would take away
                IndexModel(
                    [("shop_key", ASCENDING), ("_id", ASCENDING)],
                    name="edited",
                    partialFilterExpression={"edited_fields.0": {"$exists": True}},
                ),
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
        """The state of each id."""
        return {one: stored async for one, stored in self.states(ids)}

    async def states(self, ids: Collection[str]) -> AsyncIterator[tuple[str, Stored]]:
        """The state of each id, decoded when its turn comes, in any order.

        One query, and a second one for tombstones of those that are not found. A deletion that a crash interrupted is
        finished before the last one is returned.
        """
        present: set[str] = set()
        burials: list[Document] = []
        async for document in self._each(self._products, ids):
            present.add(document["_id"])
            if (burial := document.get("burial")) is not None:
                burials.append(burial)
            else:
                yield document["_id"], Stored(read_product(document), document["revision"])
        await self._bury(burials)
        for burial in burials:
            yield burial["_id"], Stored(read_tombstone(burial), None)
        if absent := [one for one in ids if one not in present]:
            deleted = set()
            async for document in self._each(self._tombstones, absent):
                deleted.add(document["_id"])
                yield document["_id"], Stored(read_tombstone(document), None)
            for one in absent:
                if one not in deleted:
                    yield one, Stored(State(), None)

    @staticmethod
    async def _each(collection: AsyncCollection[Document], ids: Collection[str]) -> AsyncIterator[Document]:
        """These documents. PyMongo would decode all before the first one is looked at."""
        # All in one reply if they fit into 16 MB, instead of 101 documents first.
        found: Any = collection.find_raw_batches({"_id": {"$in": list(ids)}}, batch_size=len(ids) + 1)
        async for batch in found:
            for document in bson.decode_iter(batch, collection.codec_options):
                yield document

    async def write(self, writes: Sequence[Write], writer: str) -> set[str]:
        """Write all with one bulk write. Returns the ids that another writer changed meanwhile, which are not written.

        They are prepared for this `writer`. A deletion first puts a mark, the `burial`, into the product's document.
        Whoever finds the mark finishes the deletion. A transaction would block all writers of the product for a minute
        when its process is killed.
        """
        lost = await self._bulk({write.id: write.change for write in writes if write.change is not None}, writer)
        if cleared := [write.id for write in writes if write.returns and write.id not in lost]:
            await self._tombstones.bulk_write([DeleteMany({"_id": {"$in": cleared}})])
        await self._bury([write.burial for write in writes if write.burial is not None and write.id not in lost])
        known = [write.tombstone for write in writes if write.tombstone is not None]
        if known:
            # Without upsert: the product may have been registered again meanwhile.
            await self._tombstones.bulk_write([ReplaceOne({"_id": one["_id"]}, one) for one in known])
        return lost

    async def _bury(self, tombstones: Sequence[Document]) -> None:
        """Insert the tombstones, then delete the marked documents, so that no product is ever missing. Idempotent."""
        if not tombstones:
            return
        await self._tombstones.bulk_write([ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in tombstones])
        ids = [one["_id"] for one in tombstones]
        failpoint("catalog_burial_half_done")
        await self._products.bulk_write([DeleteMany({"_id": {"$in": ids}, "burial": {"$exists": True}})])

    async def _bulk(self, changes: Mapping[str, _Change], writer: str) -> set[str]:
        if not changes:
            return set()
        try:
            result = await self._products.bulk_write(list(changes.values()), ordered=False)
            done = result.inserted_count + result.matched_count
        except BulkWriteError as error:
            details = error.details or {}
            if details.get("writeConcernErrors") or any(
                one.get("code") != _DUPLICATE_KEY for one in details.get("writeErrors", [])
            ):
                raise
            done = -1
        if done == len(changes):
            return set()
        query = {"_id": {"$in": list(changes)}, "writer": writer}
        return changes.keys() - {one["_id"] async for one in self._products.find(query, {"_id": 1})}

    async def versions(self, ids: Collection[str]) -> dict[str, int]:
        """Present versions of existing products. Products marked for deletion do not count."""
        query = {"_id": {"$in": list(ids)}, "burial": {"$exists": False}}
        found = await self._products.find(query, {"version": 1}, batch_size=len(ids) + 1).to_list()
        return {document["_id"]: document["version"] for document in found}

    async def raise_versions(self, beyond: Mapping[str, int]) -> None:
        """Let the version of each product that has less be the next one: readers of the snapshots have seen these."""
        writes = [
            UpdateOne({"_id": one, "version": {"$lte": seen}}, {"$set": {"version": seen + 1}, "$inc": {"revision": 1}})
            for one, seen in beyond.items()
        ]
        await self._products.bulk_write(writes, ordered=False)

    async def sku_numbers(self, ids: Collection[str]) -> dict[str, set[tuple[str, str]]]:
        """All SKUs that each of these products ever had. Unknown products are left out."""
        fields = {"stock.vertical_no": 1, "stock.horizontal_no": 1}
        return {
            document["_id"]: {(sku["vertical_no"], sku["horizontal_no"]) for sku in document["stock"]}
            async for document in self._products.find({"_id": {"$in": list(ids)}}, fields)
        }

    async def push_states(self, ids: Collection[str]) -> dict[str, Document]:
        """`sync_enabled`, `status` and `traceparent` of these products, for a sync."""
        found = self._products.find({"_id": {"$in": list(ids)}}, _FOR_A_SYNC)
        return {document["_id"]: document async for document in found}

    async def enabled(self, shop_key: str) -> AsyncIterator[list[Document]]:
        """All ON products of a shop in pages, with `product_no` and what `push_states` gives. Constant memory."""
        fields = {"product_no": 1, **_FOR_A_SYNC}
        async for page in self._pages({"shop_key": shop_key, "sync_enabled": True}, fields):
            yield page

    async def ids_of_shop(self, shop_key: str) -> AsyncIterator[list[str]]:
        """Ids of all products of a shop, in pages."""
        async for page in self._pages({"shop_key": shop_key}, {"_id": 1}):
            yield [document["_id"] for document in page]

    async def _pages(self, query: Document, fields: Mapping[str, int]) -> AsyncIterator[list[Document]]:
        """Page by `_id` instead of one long cursor, which would time out when a page takes long to process."""
        after = ""
        while True:
            cursor = self._products.find({**query, "_id": {"$gt": after}}, fields).sort("_id", ASCENDING).limit(_PAGE)
            page = await cursor.to_list()
            if not page:
                return
            yield page
            after = page[-1]["_id"]
