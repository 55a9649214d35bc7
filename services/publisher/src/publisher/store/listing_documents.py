"""Listings to documents and back. Pure."""

from dataclasses import fields
from typing import TypeVar

from publisher.model import ContentRefusal, Intent, ListedSku, Listing, OutboxEntry, Review, SentContent, WriteAnswer
from shopsync_runtime.mongo import Document

T = TypeVar("T", ListedSku, Review, ContentRefusal, WriteAnswer)


def pushed_fields(listing: Listing) -> Document:
    """The fields that a push writes as a whole."""
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
        "review": None if listing.review is None else review_document(listing.review),
        "core": listing.core,
        "sent": _sent_document(listing.sent),
        "live_digest": listing.live_digest,
        "live_shown": listing.live_shown,
        "overwritten": listing.overwritten,
    }


def review_document(review: Review) -> Document:
    """In a fixed order of members: queries compare whole reviews."""
    return {
        "state": review.state,
        "content_version": review.content_version,
        "reasons_digest": review.reasons_digest,
    }


def refusal_document(refusal: ContentRefusal) -> Document:
    """The member `refusal`."""
    return {
        "fingerprint": refusal.fingerprint,
        "code": refusal.code,
        "message": refusal.message,
        "at": refusal.at,
        "command_id": refusal.command_id,
    }


def answer_document(answer: WriteAnswer) -> Document:
    """The member `intent.answer`."""
    return {
        "code": answer.code,
        "message": answer.message,
        "command_id": answer.command_id,
        "settles": answer.settles,
    }


def intent_document(intent: Intent) -> Document:
    """The stock is a list, because a pair cannot be a member name."""
    return {
        "kind": intent.kind,
        "key": intent.key,
        "content_version": intent.content_version,
        "fingerprint": intent.fingerprint,
        "core": intent.core,
        "sent": _sent_document(intent.sent),
        "sent_at": intent.sent_at,
        "answer": None if intent.answer is None else answer_document(intent.answer),
        "stock": [
            {"vertical_no": vertical, "horizontal_no": horizontal, "quantity": quantity}
            for (vertical, horizontal), quantity in intent.stock.items()
        ],
    }


def listing_of(document: Document) -> Listing:
    """The listing of a document that this, an earlier or the next version wrote."""
    intent, review, refusal = document.get("intent"), document.get("review"), document.get("refusal")
    return Listing(
        shop_key=document["shop_key"],
        product_no=document["product_no"],
        tiktok_product_id=document.get("tiktok_product_id"),
        skus=tuple(_of(ListedSku, sku) for sku in document.get("skus", [])),
        pushed_content_version=document.get("pushed_content_version"),
        fingerprint=document.get("fingerprint"),
        review=None if review is None else _of(Review, review),
        core=document.get("core"),
        sent=_sent(document.get("sent")),
        live_digest=document.get("live_digest"),
        live_shown=document.get("live_shown"),
        overwritten=document.get("overwritten"),
        intent=None if intent is None else _intent(intent),
        refusal=None if refusal is None else _of(ContentRefusal, refusal),
        former_ids=tuple(document.get("former_ids", ())),
        pushes=document.get("pushes") or 0,
        notices=document.get("notices") or 0,
        unsent=tuple(OutboxEntry(entry["id"], entry["event"]) for entry in document.get("outbox") or ()),
        traceparent=document.get("traceparent"),
    )


def _intent(document: Document) -> Intent:
    stock = {(row["vertical_no"], row["horizontal_no"]): row["quantity"] for row in document["stock"]}
    answer = document.get("answer")
    return Intent(
        document["kind"],
        document["key"],
        document["content_version"],
        document["fingerprint"],
        stock,
        document.get("core"),
        document.get("sent_at"),
        None if answer is None else _of(WriteAnswer, answer),
        _sent(document.get("sent")),
    )


def _sent_document(sent: SentContent | None) -> Document | None:
    return None if sent is None else {"digests": sent.digests, "notes": list(sent.notes)}


def _sent(document: Document | None) -> SentContent | None:
    return None if document is None else SentContent(document["digests"], tuple(document["notes"]))


def _of(cls: type[T], document: Document) -> T:
    """The part that this version knows: the next one may have added members."""
    known = {one.name for one in fields(cls)}
    return cls(**{name: value for name, value in document.items() if name in known})
