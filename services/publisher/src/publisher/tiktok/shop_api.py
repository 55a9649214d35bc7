"""TikTok Shop's endpoints for one shop: the only place that knows their paths.

There is no call that removes or hides a product, and none may be added (NV-1).
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from publisher.errors import (
    AuthorizationEnded,
    Passing,
    PublisherError,
    Refused,
    ShopBlocked,
    TokenExpired,
    Unavailable,
)
from publisher.model import UploadedImage
from publisher.pace.call_queue import Rank
from publisher.pace.rate_limiter import RateLimiter
from publisher.tiktok.client import Access, Call, TikTokClient
from publisher.tiktok.remote_product import RemoteProduct, read_product
from publisher.tiktok.replies import Data, error_of
from publisher.tiktok.taxonomy_rows import BrandRow, CategoryRow, read_brand, read_category
from publisher.tiktok.tokens import Tokens

_PRODUCTS = "/product/202309/products"
_EDIT = "/product/202509/products"
_CATEGORIES = "/product/202309/categories"
_SEARCH = "/product/202502/products/search"
_LOCALE = "ja-JP"
_NONE_UNDER_REVIEW = "12052547"
MAX_SELLER_SKUS = 10
"""SKU names in one search, TikTok's limit."""
PAGE_SIZE = 100
"""Products or brands on one page, TikTok's limit."""
_MOST_PAGES = 20
T = TypeVar("T")
Permit = Callable[[], Awaitable[None]]
"""Awaited right before a write is sent, at its send time. Raises Withheld when it must not be sent."""


@dataclass(frozen=True, slots=True)
class ProductPage:
    """A page of a search. `total`: products on all pages; `next_token`: of the next page, "" at the end."""

    products: list[RemoteProduct]
    total: int
    next_token: str


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A warehouse of the seller."""

    id: str
    type: str
    enabled: bool
    is_default: bool


class ShopApi:
    """Calls for one shop, each at the next send time of its rate limiter. An expired token is refreshed once."""

    def __init__(
        self,
        shop_key: str,
        client: TikTokClient,
        tokens: Tokens,
        limiter: RateLimiter,
        *,
        urgent: bool = True,
        rank: Rank = (),
    ) -> None:
        self.shop_key = shop_key
        self._client = client
        self._tokens = tokens
        self._limiter = limiter
        self._urgent = urgent
        self._rank = rank

    async def create_product(self, body: Mapping[str, Any], *, permit: Permit) -> Data:
        """Create Product. Unavailable with `outcome_unknown`: the product may have been created."""
        return await self._call(Call("POST", _PRODUCTS, body=body), permit=permit)

    async def edit_product(
        self, product_id: str, body: Mapping[str, Any], *, permit: Permit, once: bool = False
    ) -> Data:
        """Edit Product (full): SKUs that are left out are removed, prices and stock that are left out stay.

        `once`: the body has stock and no idempotency key, so it is not repeated after a limit or a token refresh.
        """
        return await self._call(Call("PUT", f"{_EDIT}/{product_id}", body=body), permit=permit, once=once)

    async def get_product(self, product_id: str) -> RemoteProduct:
        """Get Product, the version that buyers see. Raises ProductGone when TikTok does not know it."""
        return await self._product(product_id, {})

    async def newest_version(self, product_id: str) -> RemoteProduct:
        """Get Product, the version under review when there is one."""
        query = {"return_under_review_version": "true"}
        try:
            return await self._product(product_id, query)
        except Refused as error:
            if error.code != _NONE_UNDER_REVIEW:
                raise
        return await self.get_product(product_id)

    async def find_by_seller_skus(self, seller_skus: Sequence[str]) -> list[RemoteProduct]:
        """Search Products: those with one of these SKU names, of which the first 10 are sent; deleted products last.

        Raises Unavailable when TikTok counts more than it shows: callers conclude from these rows what is absent.
        """
        body = {"seller_skus": list(seller_skus[:MAX_SELLER_SKUS])}
        found: dict[str, RemoteProduct] = {}
        token = ""
        for _ in range(_MOST_PAGES):
            page = await self._search(body, token)
            found.update({row.id: row for row in page.products})
            token = page.next_token
            if not token and page.total > len(found):
                raise Unavailable("search", f"TikTok Shop counts {page.total} products and shows {len(found)} of them")
            if not token:
                return sorted(found.values(), key=lambda row: row.status == "DELETED")
        raise Unavailable("search", f"the search for {len(body['seller_skus'])} SKU names has no end")

    async def all_products(self, page_token: str = "") -> ProductPage:
        """Search Products: a page of all the shop's, deleted ones too.

        Pages shift while products change: one that is on no page may exist. At most 10,000 products can be read.
        """
        return await self._search({"status": "ALL"}, page_token)

    async def activate_product(self, product_id: str, *, permit: Permit) -> None:
        """Activate Product: puts a hidden product through review and on sale. Raises Refused with TikTok's reason."""
        call = Call("POST", f"{_PRODUCTS}/activate", body={"product_ids": [product_id]})
        data = await self._call(call, permit=permit)
        for error in _rows(data, "errors"):
            raise _read(_batch_error, error)

    async def upload_image(self, content: bytes, use_case: str) -> UploadedImage:
        """Upload Product Image. The same bytes get the same `uri`, so a repeat does no harm."""
        call = Call("POST", "/product/202309/images/upload", image=content, use_case=use_case)
        data = await self._call(call)
        try:
            return UploadedImage(str(data["uri"]), str(data["url"]), int(data["width"]), int(data["height"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Unavailable("upload_reply", f"the upload's reply is incomplete ({type(error).__name__})") from None

    async def categories(self, category_version: str) -> list[CategoryRow]:
        """Get Categories: the whole tree in one reply, with Japanese names. Prohibited ones are left out."""
        query = {"category_version": category_version, "locale": _LOCALE}
        data = await self._call(Call("GET", _CATEGORIES, query=query))
        return [row for row in (_read(read_category, row) for row in _rows(data, "categories")) if row.id]

    async def category_attributes(self, category_id: str, category_version: str) -> Data:
        """Get Attributes of a leaf category, with Japanese names. Raises Refused when it is no leaf of the tree."""
        query = {"category_version": category_version, "locale": _LOCALE}
        return await self._call(Call("GET", f"{_CATEGORIES}/{category_id}/attributes", query=query))

    async def category_rules(self, category_id: str, category_version: str) -> Data:
        """Get Category Rules of a leaf category: size chart, certificates and such."""
        query = {"category_version": category_version, "locale": _LOCALE}
        return await self._call(Call("GET", f"{_CATEGORIES}/{category_id}/rules", query=query))

    async def brands(
        self, category_version: str, name: str, category_id: str | None, page_token: str = ""
    ) -> tuple[list[BrandRow], str]:
        """Get Brands: a page of those with this part of a name, and the next page's token, "" at the end."""
        query = {
            "category_version": category_version,
            "page_size": str(PAGE_SIZE),
            **({"brand_name": name} if name else {}),
            **({"category_id": category_id} if category_id else {}),
            **({"page_token": page_token} if page_token else {}),
        }
        data = await self._call(Call("GET", "/product/202309/brands", query=query))
        rows = [_read(read_brand, row) for row in _rows(data, "brands")]
        return [row for row in rows if row.id], str(data.get("next_page_token") or "") if rows else ""

    async def warehouses(self) -> list[Warehouse]:
        """All warehouses of the seller; the return warehouse may come first."""
        data = await self._call(Call("GET", "/logistics/202309/warehouses"))
        return [
            Warehouse(
                id=str(row.get("id", "")),
                type=str(row.get("type", "")),
                enabled=row.get("effect_status") == "ENABLED",
                is_default=bool(row.get("is_default")),
            )
            for row in _rows(data, "warehouses")
        ]

    async def register_webhook(self, event_type: str, address: str) -> None:
        """Update Shop Webhook. TikTok may report success without effect: check with `webhooks`."""
        body = {"address": address, "event_type": event_type}
        await self._call(Call("PUT", "/event/202309/webhooks", body=body))

    async def webhooks(self) -> dict[str, str]:
        """The registered addresses by event type."""
        data = await self._call(Call("GET", "/event/202309/webhooks"))
        return {str(row.get("event_type")): str(row.get("address")) for row in _rows(data, "webhooks")}

    async def _search(self, body: Mapping[str, Any], page_token: str) -> ProductPage:
        query = {"page_size": str(PAGE_SIZE), **({"page_token": page_token} if page_token else {})}
        data = await self._call(Call("POST", _SEARCH, query=query, body=body))
        rows = [_read(read_product, row) for row in _rows(data, "products")]
        total = _read(int, data.get("total_count") or 0)
        next_token = str(data.get("next_page_token") or "") if rows else ""
        return ProductPage([row for row in rows if row.id], total, next_token)

    async def _product(self, product_id: str, query: Mapping[str, str]) -> RemoteProduct:
        product = _read(read_product, await self._call(Call("GET", f"{_PRODUCTS}/{product_id}", query=query)))
        if product.id != product_id:
            raise Unavailable("reply", f"TikTok Shop was asked for product {product_id} and gave {product.id!r}")
        return product

    async def _call(self, call: Call, *, permit: Permit | None = None, once: bool = False) -> Data:
        access = await self._tokens.access(self.shop_key)
        try:
            try:
                return await self._send(call, access, permit=permit, once=once)
            except TokenExpired as error:
                if self._tokens.is_new(self.shop_key, access.version):
                    raise
                access = await self._tokens.renewed(self.shop_key, access.version)
                if once:
                    raise Passing(error.code, error.message) from error
            return await self._send(call, access, permit=permit)
        except TokenExpired as error:
            # The newest token is refused too. The refresh worked, so the consent is not taken as ended.
            text = f"authorisation: TikTok Shop refuses the shop's newest access token ({error.code}: {error.message})"
            raise ShopBlocked("authorization", f"{text}: authorise it again if this does not pass") from error
        except AuthorizationEnded as error:
            # This pair has ended; the merchant may have authorised the shop again meanwhile.
            await self._tokens.ended(self.shop_key, access.version, error)
            raise

    async def _send(self, call: Call, access: Access, *, permit: Permit | None, once: bool = False) -> Data:
        self._client.check_app(call)
        send = partial(self._client.call, call, token=access.token, cipher=access.cipher)
        if permit is not None:
            send = partial(_permitted, permit, send)
        kind = call.method if call.image is None else "upload"
        data = await self._limiter.run(send, urgent=self._urgent, rank=self._rank, kind=kind, once=once)
        self._tokens.accepted(self.shop_key, access.version)
        return data


async def _permitted(permit: Permit, send: Callable[[], Awaitable[Data]]) -> Data:
    await permit()
    return await send()


def _batch_error(row: Mapping[str, Any]) -> PublisherError:
    """The error of a row in a batch's `errors`; several reasons are in `detail.extra_errors`.

    A reason that is not about this product alone, such as an inactive shop, goes first.
    """
    detail = row.get("detail")
    extra = detail.get("extra_errors") if isinstance(detail, Mapping) else None
    reasons = [reason for reason in extra or () if isinstance(reason, Mapping)] or [row]
    words = "; ".join(str(reason.get("message", "")) for reason in reasons)
    errors = [error_of(int(reason.get("code") or row.get("code") or 0), words) for reason in reasons]
    return next((error for error in errors if not isinstance(error, Refused)), errors[0])


def default_warehouse(warehouses: Sequence[Warehouse]) -> str | None:
    """The id of the enabled sales warehouse for stock: the default one, else the first. None: there is none."""
    usable = [warehouse for warehouse in warehouses if warehouse.type == "SALES_WAREHOUSE" and warehouse.enabled]
    usable.sort(key=lambda warehouse: not warehouse.is_default)
    return usable[0].id if usable else None


def _rows(data: Data, member: str) -> Iterator[Mapping[str, Any]]:
    """The objects in a list member of a reply; none when absent or null. Raises Unavailable for anything else."""
    rows = data.get(member)
    if rows is None:
        return
    if not isinstance(rows, list):
        raise Unavailable("reply", f"{member} of TikTok Shop's reply is no list")
    for row in rows:
        if not isinstance(row, Mapping):
            raise Unavailable("reply", f"{member} of TikTok Shop's reply holds something that is no object")
        yield row


def _read(read: Callable[[Any], T], value: Any) -> T:
    """Apply `read`. Raises Unavailable when the value has an unexpected shape."""
    try:
        return read(value)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        text = f"TikTok Shop's reply has an unexpected shape ({type(error).__name__})"
        raise Unavailable("reply", text) from None
