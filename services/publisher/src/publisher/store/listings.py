from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument

from publisher.model import Intent, ListedSku, Listing, Review
from shopsync_runtime.mongo import Database, Document

_REMEMBERED_NOTIFICATIONS = 50


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An event that is recorded but not yet known to be on Kafka; `event` is the message's JSON."""

    id: str
    event: str


class Listings:
    """`listings`: what stands at TikTok Shop, and the outbox of events about it.

    Pushes write under their job's lease; reviews write only over the state they read (`pushes`), so a reading that a
    push overtook is dropped (SS-11).
    """

    def __init__(self, database: Database) -> None:
        self._listings = database["listings"]

    async def ensure_indexes(self) -> None:
        """For webhooks (product id), the review poll (due), and the relay (unsent events)."""
        has = {"$exists": True}
        await self._listings.create_indexes(
            [
                IndexModel([("tiktok_product_id", ASCENDING)], partialFilterExpression={"tiktok_product_id": has}),
                IndexModel([("review_due_at", ASCENDING)], partialFilterExpression={"review_due_at": has}),
                IndexModel([("outbox.id", ASCENDING)], partialFilterExpression={"outbox.id": has}),
            ]
        )

    async def get(self, subject: str) -> Listing | None:
        """The listing of `{shop_key}/{product_no}`."""
        document = await self._listings.find_one({"_id": subject})
        return None if document is None else _listing(document)

    async def intend(self, listing: Listing, intent: Intent) -> None:
        """Put on disk what is about to be sent."""
        changes = {"shop_key": listing.shop_key, "product_no": listing.product_no, "intent": _intent_document(intent)}
        update = {"$set": changes, "$inc": {"pushes": 1}}
        await self._listings.update_one({"_id": listing.subject}, update, upsert=True)

    async def forget_intent(self, subject: str) -> None:
        """The write was certainly not done."""
        await self._listings.update_one({"_id": subject}, {"$unset": {"intent": ""}, "$inc": {"pushes": 1}})

    async def record_push(
        self, listing: Listing, events: Sequence[OutboxEntry], *, review_due_at: datetime | None
    ) -> None:
        """The outcome, what was sent, and the events that tell it, in one write; the intent is gone with it."""
        changes = _pushed_fields(listing)
        removed: dict[str, str] = {"intent": ""}
        if review_due_at is None:
            removed["review_due_at"] = ""
        else:
            changes["review_due_at"] = review_due_at
        update = {"$set": changes, "$unset": removed, "$inc": {"pushes": 1}, "$push": _push(events)}
        await self._listings.update_one({"_id": listing.subject}, update, upsert=True)

    async def record_event(self, listing: Listing, event: OutboxEntry) -> None:
        """An event that changes nothing about the listing but must not be lost; a lost intent ends with it."""
        names = {"shop_key": listing.shop_key, "product_no": listing.product_no}
        update = {"$set": names, "$unset": {"intent": ""}, "$inc": {"pushes": 1}, "$push": _push([event])}
        await self._listings.update_one({"_id": listing.subject}, update, upsert=True)

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
        """Remember a webhook and make its listing due for a reading; False: no such listing, or seen before."""
        result = await self._listings.update_one(
            {"shop_key": shop_key, "tiktok_product_id": product_id, "notifications": {"$ne": notification_id}},
            {
                "$set": {"review_due_at": now},
                "$push": {"notifications": {"$each": [notification_id], "$slice": -_REMEMBERED_NOTIFICATIONS}},
            },
        )
        return result.matched_count == 1

    async def claim_review(self, *, now: datetime, lease: timedelta) -> tuple[Listing, datetime] | None:
        """Take a listing whose state is due to be read, and until when: then it is due again unless recorded."""
        document = await self._listings.find_one_and_update(
            {"review_due_at": {"$lte": now}},
            {"$set": {"review_due_at": now + lease}},
            sort=[("review_due_at", ASCENDING)],
            return_document=ReturnDocument.AFTER,
        )
        return None if document is None else (_listing(document), document["review_due_at"])

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
            changes["review"] = _review_document(review)
        update: dict[str, Any] = {"$set": changes}
        if event is not None:
            update["$push"] = _push([event])
        untouched = {
            "_id": listing.subject,
            "pushes": listing.pushes,
            "intent": {"$exists": False},
            "review": None if listing.review is None else _review_document(listing.review),
        }
        result = await self._listings.update_one(untouched, update)
        due: dict[str, Any] = (
            {"$unset": {"review_due_at": ""}} if due_at is None else {"$set": {"review_due_at": due_at}}
        )
        if result.matched_count == 1:
            await self._listings.update_one({"_id": listing.subject, "review_due_at": claimed_until}, due)
        return result.matched_count == 1


def _push(events: Sequence[OutboxEntry]) -> dict[str, Any]:
    return {"outbox": {"$each": [{"id": entry.id, "event": entry.event} for entry in events]}}


def _pushed_fields(listing: Listing) -> Document:
    return {
        "shop_key": listing.shop_key,
        "product_no": listing.product_no,
        "tiktok_product_id": listing.tiktok_product_id,
        "skus": [
            {
                "vertical_no": sku.vertical_no,
                "horizontal_no": sku.horizontal_no,
                "seller_sku": sku.seller_sku,
                "tiktok_sku_id": sku.tiktok_sku_id,
                "stock_sent": sku.stock_sent,
            }
            for sku in listing.skus
        ],
        "pushed_content_version": listing.pushed_content_version,
        "fingerprint": listing.fingerprint,
        "review": None if listing.review is None else _review_document(listing.review),
        "live_digest": listing.live_digest,
    }


def _review_document(review: Review) -> Document:
    return {
        "state": review.state,
        "content_version": review.content_version,
        "reasons_digest": review.reasons_digest,
    }


def _intent_document(intent: Intent) -> Document:
    return {
        "kind": intent.kind,
        "key": intent.key,
        "content_version": intent.content_version,
        "fingerprint": intent.fingerprint,
        "stock": [
            {"vertical_no": vertical, "horizontal_no": horizontal, "quantity": quantity}
            for (vertical, horizontal), quantity in intent.stock.items()
        ],
    }


def _listing(document: Document) -> Listing:
    intent, review = document.get("intent"), document.get("review")
    return Listing(
        shop_key=document["shop_key"],
        product_no=document["product_no"],
        tiktok_product_id=document.get("tiktok_product_id"),
        skus=tuple(ListedSku(**sku) for sku in document.get("skus", [])),
        pushed_content_version=document.get("pushed_content_version"),
        fingerprint=document.get("fingerprint"),
        review=None if review is None else Review(**review),
        live_digest=document.get("live_digest"),
        intent=None if intent is None else _intent(intent),
        pushes=document.get("pushes", 0),
    )


def _intent(document: Document) -> Intent:
    stock = {(row["vertical_no"], row["horizontal_no"]): row["quantity"] for row in document["stock"]}
    return Intent(document["kind"], document["key"], document["content_version"], document["fingerprint"], stock)
