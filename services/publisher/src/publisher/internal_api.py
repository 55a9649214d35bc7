"""The internal HTTP API for the console: categories, what they require, brands, and the consent page.

Served only when PUBLISHER_INTERNAL_TOKEN is set, to whoever sends it. Everything is JSON, errors as
`{"error": {"code", "message"}}`.
"""

import hmac
import json
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from publisher.consent.flow import ConsentFlow
from publisher.consent.return_path import is_own_path
from publisher.content.taxonomy import Taxonomy
from publisher.errors import (
    AuthorizationEnded,
    ConsentRefused,
    Passing,
    PublisherError,
    Refused,
    ShopBlocked,
    TokenExpired,
)
from publisher.store import CatalogueReader

log = structlog.get_logger(__name__)

_SHOP = "/internal/shops/{shop_key}"
_LARGEST_BODY = 16 * 1024
_LONGEST_TEXT = 100
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_SOON = timedelta(seconds=5)
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

Answering = Callable[[Request], Awaitable[Response]]


class _Problem(Exception):
    def __init__(self, status: int, code: str, message: str, wait: timedelta | None = None) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.wait = wait


class InternalApi:
    """For the console alone. Its calls to TikTok let the shop's pushes go first."""

    def __init__(
        self, taxonomy: Taxonomy, consent_flow: ConsentFlow, catalogue: CatalogueReader, token: SecretStr
    ) -> None:
        self._taxonomy = taxonomy
        self._consent_flow = consent_flow
        self._catalogue = catalogue
        self._token = token

    def routes(self) -> list[Route]:
        """For the service's HTTP port."""
        reading = {
            f"{_SHOP}/categories": self.categories,
            f"{_SHOP}/categories/{{category_id}}/requirements": self.requirements,
            f"{_SHOP}/brands": self.brands,
        }
        return [
            *(Route(path, self._guarded(answer), methods=["GET"]) for path, answer in reading.items()),
            Route(f"{_SHOP}/consent", self._guarded(self.consent), methods=["POST"]),
        ]

    async def categories(self, request: Request) -> Response:
        """The shop's whole tree."""
        shop_key, version = await self._shop(request)
        return _document(await self._taxonomy.categories(shop_key, version))

    async def requirements(self, request: Request) -> Response:
        """What a leaf category requires."""
        shop_key, version = await self._shop(request)
        category_id = _id_of(request.path_params["category_id"])
        return _document(await self._taxonomy.requirements(shop_key, version, category_id))

    async def brands(self, request: Request) -> Response:
        """At most 50 by a part of their name: ?text=…&category_id=…, both may be left out."""
        shop_key, version = await self._shop(request)
        text = request.query_params.get("text", "").strip()[:_LONGEST_TEXT]
        category_id = request.query_params.get("category_id") or None
        if category_id is not None:
            category_id = _id_of(category_id)
        return _document(await self._taxonomy.brands(shop_key, version, text, category_id))

    async def consent(self, request: Request) -> Response:
        """Where the merchant authorises the shop: {"return_to": path of the console, "tiktok_shop_id"?}."""
        body = await _body(request)
        return_to, wanted = body.get("return_to"), body.get("tiktok_shop_id")
        if not isinstance(return_to, str) or not is_own_path(return_to):
            raise _Problem(400, "return_to", "return_to must be a path of the console that begins with one slash")
        if wanted is not None and (not isinstance(wanted, str) or _ID.fullmatch(wanted) is None):
            raise _Problem(400, "tiktok_shop_id", "tiktok_shop_id must be an id")
        address = await self._consent_flow.begin(request.path_params["shop_key"], wanted, return_to=return_to)
        return JSONResponse({"address": address}, headers=_HEADERS)

    async def _shop(self, request: Request) -> tuple[str, str]:
        """Its key, and its category tree."""
        shop_key = request.path_params["shop_key"]
        version = await self._catalogue.category_version(shop_key)
        if version is None:
            raise _Problem(404, "unknown_shop", f"shop {shop_key!r} has no settings")
        return shop_key, version

    def _guarded(self, answer: Answering) -> Answering:
        async def guarded(request: Request) -> Response:
            if not self._is_known(request.headers.get("authorization", "")):
                return _told(_Problem(401, "unauthorized", "the token is not PUBLISHER_INTERNAL_TOKEN"))
            try:
                return await answer(request)
            except _Problem as problem:
                return _told(problem)
            except PublisherError as error:
                return _told(_problem(error))

        return guarded

    def _is_known(self, header: str) -> bool:
        expected = f"Bearer {self._token.get_secret_value()}"
        return hmac.compare_digest(header.encode(), expected.encode())


def _problem(error: PublisherError) -> _Problem:
    """Its status, and a code that the console knows; the text has TikTok's code."""
    status, code, wait = 503, "unavailable", _SOON
    match error:
        case ConsentRefused(code="shop_unknown"):
            status, code = 404, "unknown_shop"
        case ConsentRefused(code="no_service_id"):
            code = "not_set_up"
        case ConsentRefused():
            status, code = 400, error.code
        case AuthorizationEnded():
            status, code = 409, "not_authorized"
        case Passing():
            wait = error.retry_after or _SOON
        case ShopBlocked() if not isinstance(error, TokenExpired):
            status, code = 409, "blocked"
        case Refused():
            status, code = 422, "refused"
    return _Problem(status, code, f"{error.message} ({error.code})", wait if status == 503 else None)


def _told(problem: _Problem) -> Response:
    headers = dict(_HEADERS)
    if problem.wait is not None:
        headers["retry-after"] = str(max(1, round(problem.wait.total_seconds())))
    if problem.status == 401:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse({"error": {"code": problem.code, "message": problem.message}}, problem.status, headers=headers)


def _document(content: bytes) -> Response:
    return Response(content, media_type="application/json", headers=_HEADERS)


def _id_of(text: str) -> str:
    if _ID.fullmatch(text) is None:
        raise _Problem(422, "refused", "this is no id of a category")
    return text


async def _body(request: Request) -> dict[str, Any]:
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > _LARGEST_BODY:
            raise _Problem(413, "body", "the body is too long")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _Problem(400, "body", "the body is no JSON object")
    return document
