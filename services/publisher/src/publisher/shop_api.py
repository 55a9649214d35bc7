"""TikTok Shop's endpoints for one shop: the only place that knows their paths.

There is no call that removes or hides a product, and none may be added (NV-1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiolimiter import AsyncLimiter

from publisher.client import Access, Call, TikTokClient
from publisher.description import UploadedImage
from publisher.errors import Refused, TokenExpired, Unavailable
from publisher.remote import RemoteProduct, read_product
from publisher.replies import Data, error_of
from publisher.tokens import Tokens

_PRODUCTS = "/product/202309/products"
_EDIT = "/product/202509/products"
_SEARCH = "/product/202502/products/search"
_NONE_UNDER_REVIEW = "12052547"
MAX_SELLER_SKUS = 10
"""In one search."""


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A warehouse of the seller."""

    id: str
    type: str
    enabled: bool
    is_default: bool


class ShopApi:
    """Calls for one shop: paced by its limiter, with a token refreshed once when it has run out."""

    def __init__(self, shop_key: str, client: TikTokClient, tokens: Tokens, limiter: AsyncLimiter) -> None:
        self.shop_key = shop_key
        self._client = client
        self._tokens = tokens
        self._limiter = limiter

    async def create_product(self, body: Mapping[str, Any]) -> Data:
        """Create Product. `outcome_unknown` on Unavailable: it may stand there now."""
        return await self._call(Call("POST", _PRODUCTS, body=body, write=True))

    async def edit_product(self, product_id: str, body: Mapping[str, Any]) -> Data:
        """Edit Product (full): SKUs left out vanish, prices and stock left out stay."""
        return await self._call(Call("PUT", f"{_EDIT}/{product_id}", body=body, write=True))

    async def get_product(self, product_id: str) -> RemoteProduct:
        """Get Product, the version buyers see. Raises ProductGone when TikTok does not know it."""
        return read_product(await self._call(Call("GET", f"{_PRODUCTS}/{product_id}")))

    async def newest_version(self, product_id: str) -> RemoteProduct:
        """Get Product, the version under review when there is one."""
        query = {"return_under_review_version": "true"}
        try:
            return read_product(await self._call(Call("GET", f"{_PRODUCTS}/{product_id}", query=query)))
        except Refused as error:
            if error.code != _NONE_UNDER_REVIEW:
                raise
        return await self.get_product(product_id)

    async def find_by_seller_skus(self, seller_skus: Sequence[str]) -> list[str]:
        """Ids of the products that carry one of these SKU names (at most 10 are looked for), deleted ones left out."""
        body = {"seller_skus": list(seller_skus[:MAX_SELLER_SKUS])}
        found: dict[str, None] = {}
        query = {"page_size": "100"}
        while True:
            data = await self._call(Call("POST", _SEARCH, query=query, body=body))
            rows = [read_product(row) for row in data.get("products") or ()]
            found.update({row.id: None for row in rows if row.status != "DELETED"})
            token = str(data.get("next_page_token") or "")
            if not token or not rows:
                return list(found)
            query = {"page_size": "100", "page_token": token}

    async def activate_product(self, product_id: str) -> None:
        """Activate: a hidden product goes to review and on sale again. Raises Refused with TikTok's reason."""
        call = Call("POST", f"{_PRODUCTS}/activate", body={"product_ids": [product_id]}, write=True)
        data = await self._call(call)
        for error in data.get("errors") or ():
            raise error_of(int(error.get("code") or 0), str(error.get("message", "")))

    async def upload_image(self, content: bytes, use_case: str) -> UploadedImage:
        """Upload Product Image. The same bytes give the same `uri`, so a repeat does no harm."""
        call = Call("POST", "/product/202309/images/upload", image=content, use_case=use_case, with_cipher=False)
        data = await self._call(call)
        try:
            return UploadedImage(str(data["uri"]), str(data["url"]), int(data["width"]), int(data["height"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Unavailable("upload_reply", f"the upload's reply is incomplete ({type(error).__name__})") from None

    async def warehouses(self) -> list[Warehouse]:
        """All warehouses; the return one may come first."""
        data = await self._call(Call("GET", "/logistics/202309/warehouses"))
        return [
            Warehouse(
                id=str(row.get("id", "")),
                type=str(row.get("type", "")),
                enabled=row.get("effect_status") == "ENABLED",
                is_default=bool(row.get("is_default")),
            )
            for row in data.get("warehouses") or ()
        ]

    async def register_webhook(self, event_type: str, address: str) -> None:
        """Update Shop Webhook. A success is no proof: read `webhooks` back."""
        body = {"address": address, "event_type": event_type}
        await self._call(Call("PUT", "/event/202309/webhooks", body=body))

    async def webhooks(self) -> dict[str, str]:
        """Event type to address."""
        data = await self._call(Call("GET", "/event/202309/webhooks"))
        return {str(row.get("event_type")): str(row.get("address")) for row in data.get("webhooks") or ()}

    async def _call(self, call: Call) -> Data:
        access = await self._tokens.access(self.shop_key)
        try:
            return await self._send(call, access)
        except TokenExpired:
            access = await self._tokens.renewed(self.shop_key, access.version)
        try:
            return await self._send(call, access)
        except TokenExpired as error:
            # The newest token is refused as well: not for good, the refresh has just worked.
            raise Unavailable(error.code, error.message) from error

    async def _send(self, call: Call, access: Access) -> Data:
        await self._limiter.acquire()
        return await self._client.call(call, token=access.token, cipher=access.cipher)


def default_warehouse(warehouses: Sequence[Warehouse]) -> str | None:
    """The enabled sales warehouse to put stock into: the default one, else the first. None: there is none."""
    usable = [warehouse for warehouse in warehouses if warehouse.type == "SALES_WAREHOUSE" and warehouse.enabled]
    usable.sort(key=lambda warehouse: not warehouse.is_default)
    return usable[0].id if usable else None
