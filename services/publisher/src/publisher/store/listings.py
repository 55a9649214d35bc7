from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from publisher.model import Intent, Listing, Refusal, Review
from publisher.store.listing_documents import (
    intent_document,
    listing_of,
    pushed_fields,
    refusal_document,
    review_document,
)
from shopsync_runtime.mongo import Database, Document

_REMEMBERED_NOTIFICATIONS = 50
_OF_ONE_LIFE = (
    "tiktok_product_id", "skus", "pushed_content_version", "fingerprint", "review", "core", "live_digest",
    "overwritten", "intent", "refusal", "review_due_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An event that is recorded but not yet known to be on Kafka; `event` is the message's JSON."""

    id: str
    event: str


class Listings:
    """`listings`: what stands at TikTok Shop, and the outbox of events about it.

    Every write of a push stands on the `pushes` that it read: a worker that lost its lease unawares, and a reading
    that a push overtook, change nothing any more (RB-8, SS-11). Such writes give None or False.
    """

    def __init__(self, database: Database) -> None:
        self._listings = database["listings"]

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

    async def intend(self, listing: Listing, intent: Intent) -> Listing | None:
        """Put on disk what is about to be sent. None: another worker was here since the listing was read."""
        changes = {"shop_key": listing.shop_key, "product_no": listing.product_no, "intent": intent_document(intent)}
        return await self._write(listing, {"$set": changes})

    async def forget_intent(self, listing: Listing, refusal: Refusal | None = None) -> Listing | None:
        """The write was certainly not done; `refusal`: because TikTok refuses its content."""
        update: Document = {"$unset": {"intent": ""}}
        if refusal is not None:
            update["$set"] = {"refusal": refusal_document(refusal)}
        return await self._write(listing, update)

    async def begin_anew(self, listing: Listing) -> Listing | None:
        """The product is another one with the same number: the listing stays at TikTok, without us (DL-13)."""
        update: Document = {"$unset": dict.fromkeys(_OF_ONE_LIFE, "")}
        if listing.tiktok_product_id is not None:
            update["$addToSet"] = {"former_ids": listing.tiktok_product_id}
        return await self._write(listing, update)

    async def record_push(
        self, listing: Listing, events: Sequence[OutboxEntry], *, review_due_at: datetime | None, now: datetime
    ) -> Listing | None:
        """The outcome, what was sent, and the events that tell it, in one write; the intent is gone with it.

        When TikTok told something about the product since the listing was read, it is due for a reading now.
        """
        notices = listing.notices
        while True:
            update = _recorded(listing, events, review_due_at)
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

    async def unsent(self, subject: str) -> list[OutboxEntry]:
        """The listing's unsent events, oldest first."""
        document = await self._listings.find_one({"_id": subject}, {"outbox": True})
        return [OutboxEntry(entry["id"], entry["event"]) for entry in (document or {}).get("outbox", [])]

    async def with_unsent(self, limit: int) -> list[str]:
        """Subjects of listings with unsent events."""
        found = self._listings.find({"outbox.id": {"$exists": True}}, {"_id": True}).limit(limit)
        return [str(document["_id"]) async for document in found]

    async def sent(self, subject: str, ids: Sequence[str]) -> None:
        """These events are acknowledged."""
        await self._listings.update_one({"_id": subject}, {"$pull": {"outbox": {"id": {"$in": list(ids)}}}})

    # Reviews ---------------------------------------------------------------------------------------------------

    async def notified(self, shop_key: str, product_id: str, notification_id: str, now: datetime) -> bool:
        """Remember a webhook and make its listing due for a reading; False: no such listing, or seen before.

        A product nobody knows may be one whose create is not recorded yet: creates in progress are marked, and due for
        a reading as soon as they are recorded.
        """
        if await self._heard(shop_key, product_id, notification_id, now):
            return True
        creating = {"shop_key": shop_key, "intent.kind": "create"}
        await self._listings.update_many(creating, {"$inc": {"notices": 1}})
        # It may have been recorded between the two.
        return await self._heard(shop_key, product_id, notification_id, now)

    async def _heard(self, shop_key: str, product_id: str, notification_id: str, now: datetime) -> bool:
        result = await self._listings.update_one(
            {"shop_key": shop_key, "tiktok_product_id": product_id, "notifications": {"$ne": notification_id}},
            {
                "$set": {"review_due_at": now},
                "$inc": {"notices": 1},
                "$push": {"notifications": {"$each": [notification_id], "$slice": -_REMEMBERED_NOTIFICATIONS}},
            },
        )
        return result.matched_count == 1

    async def claim_review(
        self, *, now: datetime, lease: timedelta, but_not_of: Sequence[str] = ()
    ) -> tuple[Listing, datetime] | None:
        """Take a listing whose state is due to be read, and until when: then it is due again unless recorded."""
        due: Document = {"review_due_at": {"$lte": now}}
        if but_not_of:
            due["shop_key"] = {"$nin": list(but_not_of)}
        document = await self._listings.find_one_and_update(
            due,
            {"$set": {"review_due_at": now + lease}},
            sort=[("review_due_at", ASCENDING)],
            return_document=ReturnDocument.AFTER,
        )
        return None if document is None else (listing_of(document), document["review_due_at"])

    async def defer_review(self, listing: Listing, claimed_until: datetime, due_at: datetime) -> None:
        """It could not be read. A webhook that came meanwhile keeps its claim."""
        claimed = {"_id": listing.subject, "review_due_at": claimed_until}
        await self._listings.update_one(claimed, {"$set": {"review_due_at": due_at}})

    async def record_review(
        self,
        listing: Listing,
        review: Review | None,
        *,
        claimed_until: datetime,
        live_digest: str | None,
        event: OutboxEntry | None,
        due_at: datetime | None,
    ) -> bool:
        """What the reading showed; None: nothing new. False when a push or another reading came between.

        A webhook that came between keeps its claim to another reading.
        """
        changes: dict[str, Any] = {"live_digest": live_digest}
        if review is not None:
            changes["review"] = review_document(review)
        update: dict[str, Any] = {"$set": changes}
        if event is not None:
            update["$push"] = _push([event])
        untouched = {
            "_id": listing.subject,
            "pushes": listing.pushes,
            "intent": {"$exists": False},
            "review": None if listing.review is None else review_document(listing.review),
        }
        result = await self._listings.update_one(untouched, update)
        due: dict[str, Any] = (
            {"$unset": {"review_due_at": ""}} if due_at is None else {"$set": {"review_due_at": due_at}}
        )
        if result.matched_count == 1:
            await self._listings.update_one({"_id": listing.subject, "review_due_at": claimed_until}, due)
        return result.matched_count == 1


def _recorded(listing: Listing, events: Sequence[OutboxEntry], review_due_at: datetime | None) -> Document:
    changes = pushed_fields(listing)
    removed = {"intent": "", "refusal": ""}
    if review_due_at is None:
        removed["review_due_at"] = ""
    else:
        changes["review_due_at"] = review_due_at
    return {"$set": changes, "$unset": removed, "$push": _push(events)}


def _push(events: Sequence[OutboxEntry]) -> dict[str, Any]:
    return {"outbox": {"$each": [{"id": entry.id, "event": entry.event} for entry in events]}}
