"""The hosts besides the API: token host, consent page, image host."""

import string
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from shopsync_sandbox.tiktok.identity import derive
from shopsync_sandbox.tiktok.journal import Entry, body_hash, masked
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.services import Services
from shopsync_sandbox.tiktok.state.images import uri_of
from shopsync_sandbox.tiktok.tokens import TokenPair

_ALL = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
#: TikTok's own SDK sends authorized_code for a refresh too
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
            Route("/oauth/authorize", self.authorize, methods=["GET"]),
            Route("/image/{uri:path}", self.image, methods=["GET"]),
            Route("/file/{file_id}", self.file, methods=["GET"]),
        ]

    async def token_get(self, request: Request) -> Response:
        return await self._token(request, "token_get", "auth_code")

    async def token_refresh(self, request: Request) -> Response:
        return await self._token(request, "token_refresh", "refresh_token")

    async def authorize(self, request: Request) -> Response:
        """The seller consents at once. `shop` may name the shop; without it all shops consent.

        The older form of the page, /oauth/authorize, identifies the app by its app_key.
        """
        query, world = request.query_params, self._services.world
        older = request.url.path.startswith("/oauth/")
        name, known = ("app_key", world.app.app_key) if older else ("service_id", world.app.service_id)
        if query.get(name) != known:
            return PlainTextResponse(f"{name} is unknown", 400)
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

    async def file(self, request: Request) -> Response:
        file = self._services.world.files.get(request.path_params["file_id"])
        if file is None:
            return PlainTextResponse("404 not found", 404)
        return Response(file.content, media_type=file.media_type)

    async def _token(self, request: Request, operation: str, parameter: str) -> Response:
        if request.method != "GET":
            return PlainTextResponse("404 page not found", 404)
        services, at = self._services, self._services.world.now()
        request_id, shop = services.world.request_id(), services.tokens.shop_of(request.query_params.get(parameter, ""))
        answer = await services.injector.answer(
            services.faults.take(operation, shop),
            request_id,
            lambda: self._token_data(self._exchange(request, operation, parameter)),
            message="success",
            refusal_status=200,
        )
        entry = Entry(
            at=at,
            method=request.method,
            path=request.url.path,
            query=masked(request.query_params.multi_items()),
            operation=operation,
            shop=shop,
            status=answer.status,
            code=answer.code,
            body_sha256=body_hash(b""),
            request_id=request_id,
            fault=answer.fault,
        )
        services.journal.log(entry)
        return answer.response

    def _exchange(self, request: Request, operation: str, parameter: str) -> TokenPair:
        query, app = request.query_params, self._services.world.app
        if query.get("app_key") != app.app_key or query.get("app_secret") != app.app_secret:
            raise ApiError(Code.INVALID_PARAM, "app_key or app_secret is invalid")
        if query.get("grant_type") not in _GRANT_TYPES[operation]:
            raise ApiError(Code.INVALID_PARAM, "grant_type is invalid")
        tokens, value = self._services.tokens, query.get(parameter, "")
        return tokens.exchange(value) if operation == "token_get" else tokens.refresh(value)

    def _token_data(self, pair: TokenPair) -> dict[str, object]:
        """Both expiries are absolute, in Unix seconds. There is no shop id and no cipher."""
        world, grant = self._services.world, pair.access.grant
        return {
            "access_token": pair.access.value,
            "access_token_expire_in": int(pair.access.expires),
            "refresh_token": pair.refresh.value,
            "refresh_token_expire_in": int(pair.refresh.expires),
            "open_id": derive(world.seed, "open_id", *grant.shop_keys, length=26, alphabet=string.ascii_letters),
            "seller_name": world.shop(grant.shop_keys[0]).name,
            "seller_base_region": "JP",
            "user_type": grant.user_type,
            "granted_scopes": list(grant.scopes),
        }
