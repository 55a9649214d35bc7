"""A product as TikTok Shop shows it, read from its replies. Pure."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from publisher.model import ReviewMark
from publisher.tiktok.hints import with_hints
from shopsync_contracts.events import Reason, ReviewAfterPush


@dataclass(frozen=True, slots=True)
class RemoteSku:
    """A SKU as TikTok has it; `quantity` is the sum over its warehouses."""

    id: str
    seller_sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class RemoteProduct:
    """A product as TikTok has it. `digest` of its content, whoever wrote it; "" for search rows.

    `core`: digest of title, SKU names and prices, comparable with that of a body we sent. `shown`: digest of the same
    and the time of the last change; "" without a time. Search rows show both.
    """

    id: str
    status: str
    audit: str
    external_product_id: str
    skus: tuple[RemoteSku, ...]
    reasons: tuple[Reason, ...]
    pre_approved_reasons: tuple[str, ...]
    digest: str
    core: str = ""
    shown: str = ""

    @property
    def is_settled(self) -> bool:
        """On sale and reviewed: buyers see this content."""
        return self.status == "ACTIVATE" and self.audit in {"APPROVED", "NONE"}


def read_product(data: Mapping[str, Any]) -> RemoteProduct:
    """Read a reply of Get Product or a row of Search Products. Missing members count as empty."""
    audit = _mapping(data.get("audit"))
    core = core_digest(data, _price_read)
    changed_at = data.get("update_time")
    return RemoteProduct(
        id=str(data.get("id", "")),
        status=str(data.get("status", "")),
        audit=str(audit.get("status", "")),
        external_product_id=str(data.get("external_product_id") or ""),
        skus=tuple(_sku(sku) for sku in _list(data.get("skus"))),
        reasons=tuple(reason for entry in _list(data.get("audit_failed_reasons")) for reason in _reasons(entry)),
        pre_approved_reasons=tuple(str(reason) for reason in audit.get("pre_approved_reasons") or ()),
        digest=_digest(data) if "title" in data and "description" in data else "",
        core=core,
        shown=hashlib.sha256(f"{core} {changed_at}".encode()).hexdigest() if changed_at else "",
    )


class OverviewRow(NamedTuple):
    """What a search row shows of a product on sale or in review. Kept small, as there are thousands."""

    state: ReviewAfterPush
    mark: str
    """`shown` of a live one, `core` of one in review."""


def overview_row(row: RemoteProduct) -> OverviewRow | None:
    """The row to keep; None for a product in any other state, which has to be read."""
    if row.is_settled and row.shown:
        return OverviewRow("live", row.shown)
    if row.status in {"ACTIVATE", "PENDING"} and row.audit == "AUDITING":
        return OverviewRow("in_review", row.core)
    return None


def review_of(product: RemoteProduct) -> tuple[ReviewMark, tuple[Reason, ...]]:  # noqa: PLR0911 - a table of states
    """The state of the listing, and TikTok's reasons word for word (SS-7, SS-10, SS-12) with our hints (Q10)."""
    if product.status == "DELETED":
        return "deleted", ()
    if product.status == "FREEZE":
        return "frozen", product.reasons
    if product.status in {"SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED"}:
        # The raw status goes along: by it readers know whether the merchant or the platform hid it (SS-12).
        return "deactivated", (Reason(position="status", reason=product.status), *product.reasons)
    if product.status == "FAILED" or product.audit == "FAILED":
        return "rejected", with_hints(product.reasons)
    if product.audit == "PRE_APPROVED":
        told = [Reason(position="audit", reason=text) for text in product.pre_approved_reasons]
        return "pre_approved", with_hints(told)
    if product.status == "DRAFT":
        return "draft", ()
    return ("approved", ()) if product.is_settled else ("in_review", ())


def core_of(body: Mapping[str, Any]) -> str:
    """The core digest of a body of create or edit."""
    return core_digest(body, lambda sku: _mapping(sku.get("price")).get("amount"))


def core_digest(data: Mapping[str, Any], price_of: Callable[[Mapping[str, Any]], Any]) -> str:
    """Digest of title, SKU names and prices, which TikTok returns unaltered, unlike descriptions and attributes."""
    title = " ".join(str(data.get("title", "")).split())
    skus = sorted(
        (str(_mapping(sku).get("seller_sku") or ""), _yen(price_of(_mapping(sku)))) for sku in _list(data.get("skus"))
    )
    return hashlib.sha256(json.dumps([title, skus], ensure_ascii=False).encode()).hexdigest()


def reasons_digest(reasons: tuple[Reason, ...]) -> str:
    """Tells whether a rejection is the same as before; "" without reasons."""
    if not reasons:
        return ""
    return hashlib.sha256("\n".join(reason.model_dump_json() for reason in reasons).encode()).hexdigest()[:32]


def _reasons(entry: Any) -> list[Reason]:
    entry = _mapping(entry)
    position = str(entry.get("position", ""))
    suggestions = [str(text) for text in entry.get("suggestions") or ()]
    texts = [str(text) for text in entry.get("reasons") or ()]
    # The API does not say which suggestion belongs to which reason: pair them by position, lose none.
    return [
        Reason(
            position=position,
            reason=texts[place] if place < len(texts) else "",
            suggestion=suggestions[place] if place < len(suggestions) else "",
        )
        for place in range(max(len(texts), len(suggestions)))
    ]


def _sku(data: Any) -> RemoteSku:
    data = _mapping(data)
    quantity = sum(int(_mapping(entry).get("quantity") or 0) for entry in _list(data.get("inventory")))
    return RemoteSku(str(data.get("id", "")), str(data.get("seller_sku") or ""), quantity)


def _digest(data: Mapping[str, Any]) -> str:
    """Digest of what a push writes and a merchant can edit in Seller Center, without stock (LY-5)."""
    chain = [str(_mapping(part).get("id")) for part in _list(data.get("category_chains"))]
    content = {
        "title": data.get("title"),
        "description": data.get("description"),
        "category": chain,
        "brand": _mapping(data.get("brand")).get("id"),
        "images": [_mapping(image).get("uri") for image in _list(data.get("main_images"))],
        "attributes": data.get("product_attributes"),
        "weight": data.get("package_weight"),
        "dimensions": data.get("package_dimensions"),
        "skus": sorted((_sku_digest(_mapping(sku)) for sku in _list(data.get("skus"))), key=str),
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _sku_digest(sku: Mapping[str, Any]) -> list[Any]:
    attributes = [
        [_mapping(attribute).get("name"), _mapping(attribute).get("value_name")]
        for attribute in _list(sku.get("sales_attributes"))
    ]
    return [sku.get("id"), sku.get("seller_sku"), _price_read(sku), attributes]


def _price_read(sku: Mapping[str, Any]) -> Any:
    price = _mapping(sku.get("price"))
    return price.get("sale_price") or price.get("tax_exclusive_price")


def _yen(amount: Any) -> str:
    """`1980` for `1980` and `1980.00`."""
    text = str(amount)
    whole, point, rest = text.partition(".")
    return whole if point and not rest.strip("0") else text


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
