from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument, UpdateOne, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from publisher.concurrency.batching import Batcher
from publisher.model import ContentRefusal, Intent, Listing, OutboxEntry, Review, WriteAnswer
from publisher.store.listing_documents import (
    answer_document,
    intent_document,
    listing_of,
    pushed_fields,
    refusal_document,
    review_document,
)
from shopsync_runtime.mongo import Database, Document
from shopsync_runtime.tracing import current_traceparent

_REMEMBERED_NOTIFICATIONS = 50
_APART = 0.1
"""Seconds between two commands that only tidy up or note something, so that those of all shops go together. Chosen: no
call and no merchant waits for them.
"""
_OF_ONE_PRODUCT = (
    "tiktok_product_id",
    "skus",
    "pushed_content_version",
    "fingerprint",
    "review",
    "core",
    "sent",
    "live_digest",
    "live_shown",
    "overwritten",
    "intent",
    "refusal",
    "review_due_at",
    "traceparent",
)


class Listings:
    """`listings`: what is listed at TikTok Shop, and the outbox of events about it.

    Every write of a push is guarded by the `pushes` it read: a worker that lost its lease without noticing, and a
    reading that a push overtook, change nothing (RB-8, SS-11). Such writes return None or False.
    """

    def __init__(self, database: Database) -> None:
        self._listings = database["listings"]
        # What a failover loses of these writes is published, claimed or put off again.
        self._passing = database.get_collection("listings", write_concern=WriteConcern(w=1))
        self._strikes = Batcher(self._strike, apart=_APART)
        self._notices = Batcher(self._hear, apart=_APART)

    async def ensure_indexes(self) -> None:
        """For webhooks (product id; creates in progress), the review poll (due), and the relay (unsent events)."""
        has = {"$exists": True}
        await self._listings.create_indexes(
            [
                IndexModel([("tiktok_product_id", ASCENDING)], partialFilterExpression={"tiktok_product_id": has}),
                IndexModel([("review_due_at", ASCENDING)], partialFilterExpression={"review_due_at": has}),
                IndexModel([("outbox.id", ASCENDING)], partialFilterExpression={"outbox.id": has}),
                IndexModel([("intent.kind", ASCENDING)], partialFilterExpression={"intent.kind": has}),
            ]
        )

    async def get(self, subject: str) -> Listing | None:
        """The listing of `{shop_key}/{product_no}`."""
        document = await self._listings.find_one({"_id": subject})
        return None if document is None else listing_of(document)

    async def count(self, shop_key: str, limit: int) -> int:
        """How many listings the shop has, counted up to `limit`."""
        its_own = {"_id": {"$gt": f"{shop_key}/", "$lt": f"{shop_key}0"}}  # "0" follows "/"
        return await self._listings.count_documents(its_own, limit=limit)

    async def intend(self, listing: Listing, intent: Intent) -> Listing | None:
        """Store what is about to be sent. None: another worker wrote the listing since it was read."""
        changes = {"shop_key": listing.shop_key, "product_no": listing.product_no, "intent": intent_document(intent)}
        return await self._write(listing, {"$set": changes})

    async def forget_intent(self, listing: Listing, refusal: ContentRefusal | None = None) -> Listing | None:
        """Remove the intent: the write was not sent, or may be repeated. `refusal`: TikTok refused the content."""
        update: Document = {"$unset": {"intent": ""}}
        if refusal is not None:
            update["$set"] = {"refusal": refusal_document(refusal)}
        return await self._write(listing, update)

    async def answered(
        self, listing: Listing, answer: WriteAnswer, refusal: ContentRefusal | None = None
    ) -> Listing | None:
        """Store TikTok's answer to the intended write. `refusal`: it refused the content."""
        changes: Document = {"intent.answer": answer_document(answer)}
        if refusal is not None:
            changes["refusal"] = refusal_document(refusal)
        return await self._write(listing, {"$set": changes})

    async def start_over(self, listing: Listing) -> Listing | None:
        """The product is another one with the same number: the former listing stays at TikTok as it is (DL-13)."""
        update: Document = {"$unset": dict.fromkeys(_OF_ONE_PRODUCT, "")}
        if listing.tiktok_product_id is not None:
            update["$addToSet"] = {"former_ids": listing.tiktok_product_id}
        return await self._write(listing, update)

    async def record_push(
        self,
        listing: Listing,
        events: Sequence[OutboxEntry],
        *,
        review_due_at: datetime | None,
        now: datetime,
        refusal: ContentRefusal | None = None,
        is_reading: bool = True,
    ) -> Listing | None:
        """Store the outcome, what was sent and its events in one write, and remove the intent.

        `refusal` replaces an earlier one, which is removed in any case. Without `is_reading` a reading that is due
        sooner stays due. When a webhook about the product came since the listing was read, it is due for a reading now.
        """
        notices = listing.notices
        while True:
            update = _recorded(listing, events, review_due_at, refusal)
            if not is_reading and review_due_at is not None:
                update["$min"] = {"review_due_at": update["$set"].pop("review_due_at")}
            recorded = await self._write(listing, update, notices=notices or {"$in": [None, 0]})
            if recorded is not None:
                return recorded
            current = await self.get(listing.subject)
            if current is None or current.pushes != listing.pushes:
                return None
            notices, review_due_at = current.notices, now

    async def _write(self, listing: Listing, update: Document, **also: Any) -> Listing | None:
        is_new = listing.pushes == 0
        fence = {"_id": listing.subject, "pushes": {"$in": [None, 0]} if is_new else listing.pushes, **also}
        try:
            document = await self._listings.find_one_and_update(
                fence, {**update, "$inc": {"pushes": 1}}, upsert=is_new, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:
            return None
        return None if document is None else listing_of(document)

    # Outbox ----------------------------------------------------------------------------------------------------

    async def unsent(self, subject: str) -> tuple[OutboxEntry, ...]:
        """The listing's unpublished events, oldest first."""
        listing = await self.get(subject)
        return () if listing is None else listing.unsent

    async def with_unsent(self, limit: int) -> list[str]:
        """Subjects of up to `limit` listings with unpublished events."""
        found = self._listings.find({"outbox.id": {"$exists": True}}, {"_id": True}).limit(limit)
        return [str(document["_id"]) async for document in found]

    async def sent(self, subject: str, ids: Sequence[str]) -> None:
        """Remove events that Kafka has acknowledged."""
        await self._strikes.run((subject, ids))

    async def _strike(self, acknowledged: Sequence[tuple[str, Sequence[str]]]) -> list[None]:
        pulls = [
            UpdateOne({"_id": subject}, {"$pull": {"outbox": {"id": {"$in": list(ids)}}}})
            for subject, ids in acknowledged
        ]
        await self._passing.bulk_write(pulls, ordered=False)
        return [None] * len(pulls)

    # Reviews ---------------------------------------------------------------------------------------------------

    async def notified(self, shop_key: str, product_id: str, notification_id: str, now: datetime) -> bool:
        """Store a webhook and make its listing due for a reading. False: no such listing.

        A repeated webhook changes nothing. An unknown product may be one whose create is not recorded yet. So creates
        in progress are marked, and due for a reading as soon as they are recorded.
        """
        return await self._notices.run(_Notice(shop_key, product_id, notification_id, now))

    async def _hear(self, notices: Sequence["_Notice"]) -> list[bool]:
        result = await self._listings.bulk_write([_heard(notice) for notice in notices], ordered=False)
        if result.matched_count == len(notices):
            return [True] * len(notices)
        stored = await self._stored(notices)
        return [notice in stored or await self._of_a_create(notice) for notice in notices]

    async def _stored(self, notices: Sequence["_Notice"]) -> set["_Notice"]:
        theirs = {"tiktok_product_id": {"$in": [notice.product_id for notice in notices]}}
        fields = {"shop_key": True, "tiktok_product_id": True, "notifications": True}
        known = {
            (document["shop_key"], document["tiktok_product_id"], notification)
            async for document in self._listings.find(theirs, fields)
            for notification in document.get("notifications") or ()
        }
        return {one for one in notices if (one.shop_key, one.product_id, one.notification_id) in known}

    async def _of_a_create(self, notice: "_Notice") -> bool:
        creating = {"shop_key": notice.shop_key, "intent.kind": "create"}
        await self._listings.update_many(creating, {"$inc": {"notices": 1}})
        # It may have been recorded between the two updates.
        result = await self._listings.bulk_write([_heard(notice)])
        return result.matched_count == 1

    async def due_reviews(
        self, *, now: datetime, limit: int, but_not_of: Sequence[str] = ()
    ) -> list[tuple[Listing, datetime]]:
        """Listings that are due for a reading, and since when; the longest due first."""
        due: Document = {"review_due_at": {"$lte": now}}
        if but_not_of:
            due["shop_key"] = {"$nin": list(but_not_of)}
        found = await self._listings.find(due, sort=[("review_due_at", ASCENDING)], limit=limit).to_list()
        return [(listing_of(document), document["review_due_at"]) for document in found]

    async def claim_reviews(self, due: Sequence[tuple[Listing, datetime]], until: datetime) -> list[Listing]:
        """Claim listings that are due: at `until` they are due again, unless recorded. Returns those that still were.

        Another replica that claims at the same moment may get the same ones: two readings of a listing do no harm.
        """
        claims = [
            UpdateOne({"_id": listing.subject, "review_due_at": at}, {"$set": {"review_due_at": until}})
            for listing, at in due
        ]
        result = await self._passing.bulk_write(claims, ordered=False)
        listings = [listing for listing, _ in due]
        if result.modified_count == len(due):
            return listings
        theirs = {"_id": {"$in": [listing.subject for listing in listings]}, "review_due_at": until}
        claimed = {document["_id"] async for document in self._listings.find(theirs, {"_id": True})}
        return [listing for listing in listings if listing.subject in claimed]

    async def defer_review(self, listing: Listing, claimed_until: datetime, due_at: datetime) -> None:
        """Make a listing that could not be read due at `due_at`, unless a webhook made it due since."""
        claimed = {"_id": listing.subject, "review_due_at": claimed_until}
        await self._passing.update_one(claimed, {"$set": {"review_due_at": due_at}})

    async def record_review(
        self,
        listing: Listing,
        review: Review | None,
        *,
        claimed_until: datetime,
        learned: Listing,
        event: OutboxEntry | None,
        due_at: datetime | None,
    ) -> Listing | None:
        """Store what a reading showed. Returns None when a push or another reading came between.

        `review` None: it has not changed. `learned`: the listing with the digest of the content as TikTok returns it.
        When a webhook came between, the listing stays due for another reading.
        """
        changes: dict[str, Any] = {"live_digest": learned.live_digest, "live_shown": learned.live_shown}
        if review is not None:
            changes["review"] = review_document(review)
        update: dict[str, Any] = {"$set": changes}
        if event is not None:
            update["$push"] = _push([event])
        untouched = {
            "_id": listing.subject,
            "pushes": listing.pushes,
            "$or": [{"intent": {"$exists": False}}, {"intent.answer.settles": True}],
            "review": None if listing.review is None else review_document(listing.review),
        }
        claimed = {**untouched, "review_due_at": claimed_until}
        # A reading without news that a failover loses is due again.
        listings = self._passing if event is None else self._listings
        return await _updated(listings, claimed, _due(update, due_at)) or await _updated(listings, untouched, update)


@dataclass(frozen=True, slots=True)
class _Notice:
    """A webhook about a product."""

    shop_key: str
    product_id: str
    notification_id: str
    now: datetime


def _heard(notice: _Notice) -> UpdateOne:
    return UpdateOne(
        {
            "shop_key": notice.shop_key,
            "tiktok_product_id": notice.product_id,
            "notifications": {"$ne": notice.notification_id},
        },
        {
            "$set": {"review_due_at": notice.now},
            "$inc": {"notices": 1},
            "$unset": {"live_shown": ""},
            "$push": {"notifications": {"$each": [notice.notification_id], "$slice": -_REMEMBERED_NOTIFICATIONS}},
        },
    )


async def _updated(listings: AsyncCollection[Document], which: Document, update: Document) -> Listing | None:
    document = await listings.find_one_and_update(which, update, return_document=ReturnDocument.AFTER)
    return None if document is None else listing_of(document)


def _recorded(
    listing: Listing, events: Sequence[OutboxEntry], review_due_at: datetime | None, refusal: ContentRefusal | None
) -> Document:
    changes = pushed_fields(listing)
    removed = {"intent": ""}
    if (trace := current_traceparent()) is None:
        removed["traceparent"] = ""
    else:
        changes["traceparent"] = trace
    if refusal is None:
        removed["refusal"] = ""
    else:
        changes["refusal"] = refusal_document(refusal)
    if review_due_at is None:
        removed["review_due_at"] = ""
    else:
        changes["review_due_at"] = review_due_at
    return {"$set": changes, "$unset": removed, "$push": _push(events)}


def _due(update: Document, at: datetime | None) -> Document:
    if at is None:
        return {**update, "$unset": {"review_due_at": ""}}
    return {**update, "$set": {**update["$set"], "review_due_at": at}}


def _push(events: Sequence[OutboxEntry]) -> dict[str, Any]:
    return {"outbox": {"$each": [{"id": entry.id, "event": entry.event} for entry in events]}}
