"""The hosts beside the API: token host, consent page, image host."""

import string
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from shopsync_sandbox.tiktok.codes import ApiError, Code
from shopsync_sandbox.tiktok.envelope import failure, success
from shopsync_sandbox.tiktok.identity import derive
from shopsync_sandbox.tiktok.images import uri_of
from shopsync_sandbox.tiktok.journal import Entry, body_hash, masked
from shopsync_sandbox.tiktok.services import Services
from shopsync_sandbox.tiktok.tokens import TokenPair

_ALL = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
#: TikTok's own SDK sends authorized_code on refresh as well
_GRANT_TYPES = {"token_get": {"authorized_code"}, "token_refresh": {"refresh_token", "authorized_code"}}


class Consent:
    """Routes of the token host, the consent page and the image host."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        return [
            Route("/api/v2/token/get", self.token_get, methods=_ALL),
            Route("/api/v2/token/refresh", self.token_refresh, methods=_ALL),
            Route("/open/authorize", self.authorize, methods=["GET"]),
            Route("/image/{uri:path}", self.image, methods=["GET"]),
        ]

    async def token_get(self, request: Request) -> Response:
        return self._token(request, "token_get", "auth_code")

    async def token_refresh(self, request: Request) -> Response:
        return self._token(request, "token_refresh", "refresh_token")

    async def authorize(self, request: Request) -> Response:
        """The seller's consent, given at once. `shop` may name the consenting shop; without it all shops consent."""
        query, world = request.query_params, self._services.world
        if query.get("service_id") != world.app.service_id:
            return PlainTextResponse("service_id is unknown", 400)
        target = self._services.settings.redirect_url
        if target is None:
            return PlainTextResponse("no redirect_url: set it with --redirect-url or PATCH /_sandbox/settings", 400)
        wanted = query.get("shop")
        if wanted is not None and wanted not in world.shops:
            return PlainTextResponse(f"no shop {wanted!r}; known: {', '.join(world.shops)}", 400)
        code = self._services.tokens.mint_code([wanted] if wanted else [])
        returned = {"app_key": world.app.app_key, "code": code.value, "locale": "ja-JP", "shop_region": "JP"}
        if "state" in query:
            returned["state"] = query["state"]
        joint = "&" if "?" in target else "?"
        return RedirectResponse(f"{target}{joint}{urlencode(returned)}", status_code=302)

    async def image(self, request: Request) -> Response:
        image = self._services.world.images.get(uri_of(request.url.path))
        if image is None:
            return PlainTextResponse("404 not found", 404)
        return Response(image.content, media_type=image.media_type)

    def _token(self, request: Request, operation: str, parameter: str) -> Response:
        if request.method != "GET":
            return PlainTextResponse("404 page not found", 404)
        request_id, code = self._services.world.request_id(), 0
        try:
            pair = self._exchange(request, operation, parameter)
            response = success(self._token_data(pair), request_id, message="success")
        except ApiError as error:
            code = int(error.code)
            response = failure(error, request_id, 200)
        self._log(request, operation, request_id, code)
        return response

    def _exchange(self, request: Request, operation: str, parameter: str) -> TokenPair:
        query, app = request.query_params, self._services.world.app
        if query.get("app_key") != app.app_key or query.get("app_secret") != app.app_secret:
            raise ApiError(Code.INVALID_PARAM, "app_key or app_secret is invalid")
        if query.get("grant_type") not in _GRANT_TYPES[operation]:
            raise ApiError(Code.INVALID_PARAM, "grant_type is invalid")
        tokens, value = self._services.tokens, query.get(parameter, "")
        return tokens.exchange(value) if operation == "token_get" else tokens.refresh(value)

    def _token_data(self, pair: TokenPair) -> dict[str, object]:
        """Both expiries are absolute Unix seconds. No shop id, no cipher."""
        world, grant = self._services.world, pair.access.grant
        return {
            "access_token": pair.access.value,
            "access_token_expire_in": int(pair.access.expires),
            "refresh_token": pair.refresh.value,
            "refresh_token_expire_in": int(pair.refresh.expires),
            "open_id": derive(world.seed, "open_id", *grant.shop_keys, length=26, alphabet=string.ascii_letters),
            "seller_name": world.shop(grant.shop_keys[0]).name,
            "seller_base_region": "JP",
            "user_type": 0,
            "granted_scopes": list(grant.scopes),
        }

    def _log(self, request: Request, operation: str, request_id: str, code: int) -> None:
        entry = Entry(
            at=self._services.world.now(),
            method=request.method,
            path=request.url.path,
            query=masked(request.query_params.multi_items()),
            operation=operation,
            shop=None,
            status=200,
            code=code,
            body_sha256=body_hash(b""),
            request_id=request_id,
        )
        self._services.journal.log(entry)
