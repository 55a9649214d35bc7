"""The indexes that the services make when they start. A test compares the list with what they make."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Index:
    """One index. `partial`: its filter, as text; `expires`: whether documents are removed by it."""

    keys: tuple[str, ...]
    unique: bool = False
    partial: str = ""
    expires: bool = False

    def __str__(self) -> str:
        marks = [*(["unique"] if self.unique else []), *(["expires"] if self.expires else [])]
        return ", ".join(self.keys) + (f" ({', '.join(marks)})" if marks else "") + (" partial" if self.partial else "")


def index_of(document: Mapping[str, Any]) -> Index:
    """From MongoDB's own description."""
    partial = document.get("partialFilterExpression")
    return Index(
        keys=tuple(document["key"]),
        unique=bool(document.get("unique")),
        partial="" if partial is None else repr(_plain(partial)),
        expires="expireAfterSeconds" in document,
    )


def _plain(value: Any) -> Any:
    """Without MongoDB's own types of mappings and numbers, in a fixed order."""
    if isinstance(value, Mapping):
        return {name: _plain(value[name]) for name in sorted(value)}
    return value


def _on(*keys: str, where: Mapping[str, Any] | None = None, unique: bool = False, expires: bool = False) -> Index:
    return Index(keys, unique, "" if where is None else repr(_plain(where)), expires)


_JOBS = (
    _on("shop_key", "requested_at"),
    _on("requested_at", where={"finished": False}),
    _on("requested_at"),
    _on("request_id"),
    _on("expires_at", expires=True),
)
_LEASES = (_on("clear_at", expires=True),)


def _where_there(*names: str) -> tuple[Index, ...]:
    return tuple(_on(name, where={name: {"$exists": True}}) for name in names)


INDEXES: dict[str, tuple[Index, ...]] = {
    "products": (
        _on("shop_key", "sync_enabled", "_id"),
        _on("shop_key", "status", "_id", "sync_enabled", "content.category_id"),
        _on("shop_key", "_id", "content.name", "status", "sync_enabled", "content.category_id"),
        _on("shop_key", "listing.review.state", "_id", where={"listing.review.state": "deactivated"}),
        _on("shop_key", "_id", where={"edited_fields.0": {"$exists": True}}),
        _on(
            "shop_key",
            "removed_upstream.enumeration_id",
            where={"removed_upstream.enumeration_id": {"$exists": True}},
        ),
        _on("tiktok_product_id", where={"tiktok_product_id": {"$type": "string"}}),
    ),
    "tombstones": (_on("shop_key", "deleted_at"),),
    "held_messages": (_on("subject"), _on("shop_key"), _on("held_at", "_id")),
    "imports": (*_JOBS, _on("answered_by", where={"answered_by": {"$type": "string"}})),
    "sweeps": (
        *_JOBS,
        _on("enumeration_request_id"),
        _on("succeeded", "shop_key", "completed_at", where={"succeeded": True}),
    ),
    "listings": _where_there("tiktok_product_id", "review_due_at", "outbox.id", "intent.kind"),
    "push_jobs": (_on("shop_key", "due_at"),),
    "command_positions": _where_there("gap_at"),
    "images": (_on("uploaded_at", expires=True), _on("seen_at", expires=True)),
    "authorizations": (_on("tiktok_shop_id", unique=True),),
    "app_troubles": (_on("seen_at", expires=True),),
    "tiktok_taxonomies": (_on("forget_at", expires=True),),
    "token_keys": (_on("counts_until", expires=True),),
    "accounts": (_on("email", unique=True), *_where_there("link.digest"), _on("actions.state"), _on("noted_at")),
    "bulk_reports": (_on("expires_at", expires=True),),
    "sessions": (_on("expires_at", expires=True), _on("shop_key")),
    "ingestor_leases": _LEASES,
    "catalog_leases": _LEASES,
    "publisher_leases": _LEASES,
    "janitor_leases": _LEASES,
}
"""By collection."""
