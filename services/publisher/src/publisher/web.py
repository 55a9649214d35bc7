"""HTTP routes: TikTok's webhooks and the merchant's consent."""

import html
from collections.abc import Awaitable, Callable

import structlog
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from publisher.consent import Consents
from publisher.errors import ConsentRefused, Passing, PublisherError
from publisher.signing import is_webhook_authentic
from publisher.webhooks import Inbox, read_notification

log = structlog.get_logger(__name__)

_LARGEST_WEBHOOK = 256 * 1024


class Web:
    """The publisher's own routes. Nothing is answered 200 before it is safe."""

    def __init__(self, inbox: Inbox, consents: Consents, *, app_key: str, app_secret: SecretStr) -> None:
        self._inbox = inbox
        self._consents = consents
        self._app_key = app_key
        self._secret = app_secret

    def routes(self) -> list[Route]:
        """For the service's HTTP port."""
        return [
            Route("/webhooks/tiktok", self.webhook, methods=["POST"]),
            Route("/oauth/tiktok/start", self.start, methods=["GET"]),
            Route("/oauth/tiktok/callback", self.callback, methods=["GET"]),
        ]

    async def webhook(self, request: Request) -> Response:
        """200 once stored, 401 for a wrong signature, 413 for a body over 256 KiB; TikTok repeats the rest."""
        body = await _bounded_body(request)
        if body is None:
            return PlainTextResponse("the body is over 256 KiB", 413)
        given = request.headers.get("authorization", "")
        if not is_webhook_authentic(given, app_key=self._app_key, secret=self._secret.get_secret_value(), body=body):
            log.warning("webhook with a wrong signature refused")
            return PlainTextResponse("the signature does not fit", 401)
        notification = read_notification(body)
        if notification is None:
            # Signed but unreadable: repeating it would not help.
            log.warning("webhook is not understood", size=len(body))
            return Response(status_code=200)
        await self._inbox.take(notification)
        return Response(status_code=200)

    async def start(self, request: Request) -> Response:
        """To TikTok's consent page: ?shop_key=…[&tiktok_shop_id=…]."""

        async def begin() -> Response:
            wanted = request.query_params.get("tiktok_shop_id")
            url = await self._consents.begin(request.query_params.get("shop_key", ""), wanted)
            return RedirectResponse(url, 302)

        return await _answered(begin)

    async def callback(self, request: Request) -> Response:
        """TikTok sends the merchant back here: ?code=…&state=…."""

        async def complete() -> Response:
            code, state = request.query_params.get("code", ""), request.query_params.get("state", "")
            if not code or not state:
                raise ConsentRefused("parameters", "code or state is missing: begin at /oauth/tiktok/start")
            done = await self._consents.complete(code, state)
            return _page(
                f"{done.shop_key}: TikTok Shop {done.tiktok_shop_id} ({done.seller_name}) の認証が完了しました。", 200
            )

        return await _answered(complete)


async def _answered(action: Callable[[], Awaitable[Response]]) -> Response:
    try:
        return await action()
    except ConsentRefused as error:
        return _page(error.message, 400)
    except Passing as error:
        return _page(f"{error.message}. Try again shortly.", 503)
    except PublisherError as error:
        return _page(f"TikTok Shop: {error.message} ({error.code})", 502)


def _page(text: str, status: int) -> Response:
    return HTMLResponse(
        f'<!doctype html><html lang="ja"><meta charset="utf-8"><title>TikTok Shop</title><p>{html.escape(text)}</p>',
        status,
        headers={"cache-control": "no-store", "referrer-policy": "no-referrer"},
    )


async def _bounded_body(request: Request) -> bytes | None:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > _LARGEST_WEBHOOK:
            return None
        parts.append(part)
    return b"".join(parts)
