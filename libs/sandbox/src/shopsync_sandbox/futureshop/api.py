"""The public API: the token call, productsSearch, inventorySearch and the product images."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shopsync_sandbox.futureshop.access import Access
from shopsync_sandbox.futureshop.clock import Clock
from shopsync_sandbox.futureshop.documents import Document, inventory_document, product_document
from shopsync_sandbox.futureshop.error_pages import error_page
from shopsync_sandbox.futureshop.errors import ApiError, failed
from shopsync_sandbox.futureshop.faults import Endpoint, Fault, FaultKind, Faults
from shopsync_sandbox.futureshop.faulty_replies import as_json, faulty_response, set_members
from shopsync_sandbox.futureshop.paging import BATCH, Page, page_of
from shopsync_sandbox.futureshop.query import Query, inventory_query, products_query
from shopsync_sandbox.shop import Product, Shop
from shopsync_sandbox.shop.images import media_type, render

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_CLOSED = frozenset({"shipping", "orders", "members", "points", "realstores"})

Endpointed = Callable[[Request], Awaitable[Response]]


class Api:
    """The handlers of the public API, over shops, access rules and faults that the control API changes."""

    def __init__(self, shops: dict[str, Shop], access: Access, faults: Faults, clock: Clock) -> None:
        self._shops = shops
        self._access = access
        self._faults = faults
        self._clock = clock

    def routes(self) -> list[Route]:
        """Every path of the API. All methods are accepted here, so that writes are answered and recorded."""
        return [
            Route("/oauth/token", self._token, methods=_METHODS),
            Route("/admin-api/v1/products", self._products, methods=_METHODS),
            Route("/admin-api/v1/inventory", self._inventory, methods=_METHODS),
            Route("/admin-api/{rest:path}", self._other_paths, methods=_METHODS),
            Route("/images/{name:path}", self._image, methods=["GET"]),
        ]

    async def _token(self, request: Request) -> Response:
        self._check_open(request)
        if request.method != "POST":
            raise ApiError(405, "Invalid", "the token call is a POST", headers={"Allow": "POST"})
        form = await request.form()
        if form.get("grant_type") != "client_credentials":
            raise ApiError(
                400,
                "InvalidValue",
                "grant_type must be client_credentials",
                path="grant_type",
                oauth_error="unsupported_grant_type",
            )
        body = self._access.issue(request)
        faults = self._faults.take(request.headers.get("x-shop-key"), Endpoint.TOKEN)
        return await self._replaced(faults, body, None) or JSONResponse(body, headers={"Cache-Control": "no-store"})

    async def _products(self, request: Request) -> Response:
        shop = self._admit(request)
        query = products_query(request.query_params, self._clock.now())
        origin = _origin(request)
        return await self._listing(
            request, shop, query, Endpoint.PRODUCTS, lambda item: product_document(item, query.types, origin)
        )

    async def _inventory(self, request: Request) -> Response:
        shop = self._admit(request)
        query = inventory_query(request.query_params, self._clock.now())
        return await self._listing(
            request, shop, query, Endpoint.INVENTORY, lambda item: inventory_document(item, query.types)
        )

    async def _other_paths(self, request: Request) -> Response:
        self._admit(request)
        if request.path_params["rest"].removeprefix("v1/").split("/")[0] in _CLOSED:
            raise ApiError(403, "Forbidden", f"the client has no permission for {request.url.path}")
        raise ApiError(404, "NotFound", f"there is no API at {request.url.path}")

    async def _image(self, request: Request) -> Response:
        self._check_open(request)
        name = request.path_params["name"]
        faults = self._faults.take(None, Endpoint.IMAGE)
        if replaced := await self._replaced(faults, {}, None):
            return replaced
        content = await asyncio.to_thread(render, name)
        if content is None:
            raise ApiError(404, "NotFound", f"there is no image {name!r}")
        headers = {"Cache-Control": "public, max-age=86400, immutable"}
        return Response(content, media_type=media_type(name), headers=headers)

    def _admit(self, request: Request) -> Shop:
        """Check, in this order: no maintenance, no write, a valid token, the rate limit."""
        self._check_open(request)
        if request.method not in ("GET", "HEAD"):
            message = f"{request.method} {request.url.path} is refused: this shop may only be read"
            raise ApiError(405, "Forbidden", message, headers={"Allow": "GET"})
        shop_key = self._access.authorize(request)
        self._access.pace(shop_key)
        return self._shops[shop_key]

    def _check_open(self, request: Request) -> None:
        fault = self._faults.maintenance(request.headers.get("x-shop-key"))
        if fault is not None:
            raise _Closed(fault)

    async def _listing(
        self,
        request: Request,
        shop: Shop,
        query: Query,
        endpoint: Endpoint,
        document: Callable[[Product], Document],
    ) -> Response:
        faults = self._faults.take(shop.shop_key, endpoint, query.position.page)
        page = await page_of(shop, query, faults)
        records: list[Document] = []
        for product in page.products:
            if len(records) % BATCH == 0:
                await asyncio.sleep(0)
            records.append(document(product))
        spoiled = [fault for fault in faults if fault.kind is FaultKind.SPOIL]
        for fault in spoiled:
            set_members(records, fault.records)
        body: Document = {"status": "success", "productList": records}
        following = _next_url(request, query, page)
        if following is not None:
            body["nextUrl"] = following
        if replaced := await self._replaced(faults, body, shop.shop_key):
            return replaced
        return Response(as_json(body), media_type="application/json") if spoiled else JSONResponse(body)

    async def _replaced(self, faults: list[Fault], body: object, shop_key: str | None) -> Response | None:
        """A fault's answer in place of `body`; None when no fault replaces it."""
        late = sum(fault.ms for fault in faults if fault.kind is FaultKind.SLOW)
        if late:
            await asyncio.sleep(late / 1000)
        for fault in faults:
            if fault.kind is FaultKind.EXPIRE_TOKENS:
                self._access.expire(shop_key)
            if response := _answer(fault, body):
                return response
        return None


class _Closed(ApiError):
    """Maintenance: HTTP 503 with an HTML page."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(503, "Maintenance", "maintenance")
        self._fault = fault

    def response(self) -> Response:
        return error_page(self._fault, 503, _retry_after(self._fault))


def _answer(fault: Fault, body: object) -> Response | None:
    match fault.kind:
        case FaultKind.STATUS:
            return _refusal(fault)
        case FaultKind.FAILED:
            return JSONResponse(failed(fault.code, fault.message))
        case FaultKind.HTML:
            return error_page(fault, 200)
        case FaultKind.MALFORMED_JSON:
            whole = json.dumps(body, ensure_ascii=False)
            return Response(whole[: len(whole) // 2], media_type="application/json")
        case FaultKind.EXPIRE_TOKENS:
            return JSONResponse(failed("Unauthorized", "the access token has expired"), 401)
        case _:
            return faulty_response(fault, body)


def _refusal(fault: Fault) -> Response:
    if fault.html is not None:
        return error_page(fault, fault.status, _retry_after(fault))
    return JSONResponse(failed(fault.code, fault.message), fault.status, headers=_retry_after(fault))


def _retry_after(fault: Fault) -> dict[str, str]:
    return {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _next_url(request: Request, query: Query, page: Page) -> str | None:
    """The same request with the next cursor, at the address that the client called."""
    if page.address is not None:
        return page.address
    if page.following is None:
        return None
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    pairs = [*kept, ("cursor", page.following.cursor(query.digest))]
    return f"{_origin(request)}{request.url.path}?{urlencode(pairs)}"
