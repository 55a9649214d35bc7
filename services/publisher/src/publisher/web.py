"""HTTP routes: TikTok's webhooks, and the merchant's consent."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from pydantic import SecretStr
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from publisher.consent import pages
from publisher.consent.flow import ConsentFlow
from publisher.errors import ConsentRefused, Passing, PublisherError
from publisher.metrics import WEBHOOKS
from publisher.reviewing.webhooks import Inbox, read_notification
from publisher.tiktok.signing import is_webhook_authentic
from shopsync_runtime.failures import is_retryable

log = structlog.get_logger(__name__)

_LARGEST_WEBHOOK = 256 * 1024
_WEBHOOK_SECONDS = 2.5
"""Seconds for an answer: TikTok waits 3."""


class Web:
    """The publisher's routes. A webhook is answered 200 only when it is stored."""

    def __init__(self, inbox: Inbox, consent_flow: ConsentFlow, *, app_key: str, app_secret: SecretStr) -> None:
        self._inbox = inbox
        self._consent_flow = consent_flow
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
        """200 once stored, 401 for a wrong signature, 413 for a body over 256 KiB, 503 when it could not be stored.

        Answers within 2.5 s whatever MongoDB does; TikTok repeats what was not answered 200.
        """
        try:
            async with asyncio.timeout(_WEBHOOK_SECONDS):
                return await self._webhook(request)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:
            if not is_retryable(error):
                raise
            WEBHOOKS.labels("put off").inc()
            log.warning("webhook not stored, TikTok will repeat it", error=f"{type(error).__name__}: {error}"[:200])
            return PlainTextResponse("not stored, please repeat", 503, headers={"retry-after": "60"})

    async def _webhook(self, request: Request) -> Response:
        body = await _bounded_body(request)
        if body is None:
            WEBHOOKS.labels("refused").inc()
            return PlainTextResponse("the body is over 256 KiB", 413)
        given = request.headers.get("authorization", "")
        if not is_webhook_authentic(given, app_key=self._app_key, secret=self._secret.get_secret_value(), body=body):
            WEBHOOKS.labels("refused").inc()
            log.warning("webhook with a wrong signature refused")
            return PlainTextResponse("the signature does not fit", 401)
        notification = read_notification(body)
        if notification is None:
            # Signed but unreadable: a repeat would not help.
            WEBHOOKS.labels("unreadable").inc()
            log.warning("webhook is not understood", size=len(body))
            return Response(status_code=200)
        await self._inbox.take(notification)
        WEBHOOKS.labels("taken").inc()
        return Response(status_code=200)

    async def start(self, request: Request) -> Response:
        """Redirects to TikTok's consent page: ?shop_key=…[&tiktok_shop_id=…]. As JSON: the address of that page."""

        async def begin() -> Response:
            wanted = request.query_params.get("tiktok_shop_id")
            url = await self._consent_flow.begin(request.query_params.get("shop_key", "").strip(), wanted)
            return pages.redirect(request, url)

        response, _ = await _answered(request, begin)
        return response

    async def callback(self, request: Request) -> Response:
        """TikTok redirects the merchant to it: ?code=…&state=…. Without state nothing is done, the code stays valid.

        A consent that the console began leads back to it, with what became of it as a code.
        """
        code, state = request.query_params.get("code", ""), request.query_params.get("state", "")

        async def complete() -> Response:
            if not state:
                return pages.begin_here(request)
            if not code:
                raise ConsentRefused("denied", "TikTok Shop sent no code: the authorisation was not given. Begin again")
            return pages.authorised(request, await self._consent_flow.complete(code, state))

        response, outcome = await _answered(request, complete)
        way_back = None if not state or pages.wants_json(request) else self._consent_flow.way_back(state, outcome)
        return response if way_back is None else pages.leave_to(way_back)


async def _answered(request: Request, action: Callable[[], Awaitable[Response]]) -> tuple[Response, str]:
    """The page, and what became of the consent as a code of ours."""
    try:
        return await action(), "done"
    except ConsentRefused as error:
        return pages.problem(request, error.code, error.message, 400), error.code
    except Passing as error:
        return pages.problem(request, error.code, f"{error.message}. Try again shortly.", 503), "tiktok_away"
    except PublisherError as error:
        return pages.problem(request, error.code, f"TikTok Shop: {error.message} ({error.code})", 502), "failed"


async def _bounded_body(request: Request) -> bytes | None:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > _LARGEST_WEBHOOK:
            return None
        parts.append(part)
    return b"".join(parts)
