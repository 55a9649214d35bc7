"""`products` and `tombstones`: the only module that knows their queries and indexes."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass

from pymongo import ASCENDING, DeleteMany, IndexModel, InsertOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from catalog.rules.model import State
from catalog.store.documents import Document, layer_changes, product_document, tombstone_document
from catalog.store.read_documents import read_product, read_tombstone
from shopsync_runtime import failpoint

_DUPLICATE_KEY = 11000
_PAGE = 500
_Change = InsertOne[Document] | ReplaceOne[Document] | UpdateOne


@dataclass(frozen=True, slots=True)
class Stored:
    """A product's state as read. `revision` is None when there is no document."""

    state: State
    revision: int | None


@dataclass(frozen=True, slots=True)
class Write:
    """The change of one product from the state read to the next one."""

    id: str
    read: Stored
    after: State


def _change(write: Write, writer: str) -> _Change:
    """The guarded operation that decides the write."""
    revision = write.read.revision
    if revision is None:
        return InsertOne(product_document(write.after, revision=1, writer=writer))
    guard = {"_id": write.id, "revision": revision}
    if write.after.tombstone is not None:
        mark = {"burial": tombstone_document(write.after), "revision": revision + 1, "writer": writer}
        return UpdateOne(guard, {"$set": mark})
    if write.after.snapshot is write.read.state.snapshot:
        changes = layer_changes(write.read.state, write.after)
        return UpdateOne(guard, {"$set": {**changes, "revision": revision + 1, "writer": writer}})
    return ReplaceOne(guard, product_document(write.after, revision=revision + 1, writer=writer))


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
        """The state of each id, with one query, and a second one for tombstones of those that are not found.

        A deletion that a crash interrupted is finished first.
        """
        found: dict[str, Stored] = {}
        burials: list[Document] = []
        # All in one reply if they fit into 16 MB, instead of 101 documents first.
        for document in await self._products.find({"_id": {"$in": list(ids)}}, batch_size=len(ids) + 1).to_list():
            if (burial := document.get("burial")) is not None:
                burials.append(burial)
                found[document["_id"]] = Stored(read_tombstone(burial), None)
            else:
                found[document["_id"]] = Stored(read_product(document), document["revision"])
        await self._bury(burials)
        absent = [one for one in ids if one not in found]
        if absent:
            tombstones = self._tombstones.find({"_id": {"$in": absent}}, batch_size=len(absent) + 1)
            for document in await tombstones.to_list():
                found[document["_id"]] = Stored(read_tombstone(document), None)
        return {one: found.get(one, Stored(State(), None)) for one in ids}

    async def write(self, writes: Sequence[Write], writer: str) -> set[str]:
        """Write all with one bulk write. Returns the ids that another writer changed meanwhile, which are not written.

        `writer` is unique per call. A deletion first puts a mark, the `burial`, into the product's document. Whoever
        finds the mark finishes the deletion. A transaction would block all writers of the product for a minute when its
        process is killed.
        """
        bulk: list[_Change] = []
        guarded: list[str] = []
        burials: list[Document] = []
        known: list[Document] = []
        for write in writes:
            if write.after.record is None and write.after.tombstone is None:
                continue
            if write.after.tombstone is not None:
                if write.read.state.tombstone is not None:
                    known.append(tombstone_document(write.after))
                    continue
                burials.append(tombstone_document(write.after))
                if write.read.revision is None:
                    continue
            guarded.append(write.id)
            bulk.append(_change(write, writer))
        lost = await self._bulk(bulk, guarded, writer)
        returned = [write.id for write in writes if write.read.state.tombstone and write.after.record]
        if cleared := [one for one in returned if one not in lost]:
            await self._tombstones.bulk_write([DeleteMany({"_id": {"$in": cleared}})])
        await self._bury([burial for burial in burials if burial["_id"] not in lost])
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

    async def _bulk(self, bulk: Sequence[_Change], ids: Sequence[str], writer: str) -> set[str]:
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

    async def versions(self, ids: Collection[str]) -> dict[str, int]:
        """Present versions of existing products. Products marked for deletion do not count."""
        query = {"_id": {"$in": list(ids)}, "burial": {"$exists": False}}
        found = await self._products.find(query, {"version": 1}, batch_size=len(ids) + 1).to_list()
        return {document["_id"]: document["version"] for document in found}

    async def sku_numbers(self, ids: Collection[str]) -> dict[str, set[tuple[str, str]]]:
        """All SKUs that each of these products ever had. Unknown products are left out."""
        fields = {"stock.vertical_no": 1, "stock.horizontal_no": 1}
        return {
            document["_id"]: {(sku["vertical_no"], sku["horizontal_no"]) for sku in document["stock"]}
            async for document in self._products.find({"_id": {"$in": list(ids)}}, fields)
        }

    async def push_states(self, ids: Collection[str]) -> dict[str, Document]:
        """`sync_enabled` and `status` of these products, for a sync."""
        found = self._products.find({"_id": {"$in": list(ids)}}, {"sync_enabled": 1, "status": 1})
        return {document["_id"]: document async for document in found}

    async def enabled(self, shop_key: str) -> AsyncIterator[list[Document]]:
        """All ON products of a shop in pages, with `product_no`, `sync_enabled` and `status`. Constant memory."""
        async for page in self._pages(
            {"shop_key": shop_key, "sync_enabled": True}, {"product_no": 1, "sync_enabled": 1, "status": 1}
        ):
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
