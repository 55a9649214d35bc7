"""The API host: checks, counts and answers every request, and applies faults to it."""

import traceback
from dataclasses import dataclass

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from shopsync_sandbox.tiktok.api.admission import (
    Received,
    check_body,
    check_cipher,
    check_signature,
    check_token,
)
from shopsync_sandbox.tiktok.api.call import Call, Operation
from shopsync_sandbox.tiktok.api.receiving import body_of, content_of, head_of
from shopsync_sandbox.tiktok.api.table import find_operation
from shopsync_sandbox.tiktok.faults.injection import Answer
from shopsync_sandbox.tiktok.journal import Entry, body_hash, masked
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.services import Services

_log = structlog.get_logger("tiktok-sandbox")


@dataclass(slots=True)
class _Progress:
    """What is known about a request when it is logged. Times are Unix seconds; `at` is by the server's clock."""

    request_id: str
    at: float
    arrived: float
    operation: str | None = None
    shop: str | None = None


class Gateway:
    """An ASGI application for every path that is not the sandbox's own."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        services, world = self._services, self._services.world
        received = head_of(scope)
        progress = _Progress(world.request_id(), world.now(), world.real_time())
        try:
            answer = await self._answer(scope, receive, received, progress)
        except ApiError as error:
            answer = services.injector.refuse(error, progress.request_id)
        except ClientDisconnect:
            return
        except Exception:  # noqa: BLE001 - a bug of ours is logged, and answered as TikTok answers its own: 36009003
            _log.error("sandbox bug", path=received.path, request_id=progress.request_id, trace=traceback.format_exc())
            answer = services.injector.refuse(ApiError(Code.INTERNAL, "internal error"), progress.request_id)
        self._log_request(received, progress, answer)
        await answer.response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, received: Received, progress: _Progress) -> Answer:
        """The checks in the documented order, each of which may raise ApiError, then faults and the operation."""
        services = self._services
        operation, parameters, version = find_operation(
            received.method, received.path, Code(services.settings.version_error), services.settings.withdrawn
        )
        progress.operation = operation.name
        received.body = await body_of(receive)
        check_signature(received, version, services)
        grant = check_token(received, operation, services)
        shop = check_cipher(received, operation, grant, services)
        progress.shop = shop.key
        check_body(received, operation)
        services.limits.take(shop.key, operation.name)
        body, files = await content_of(scope, received, operation)
        call = Call(services, shop, grant, self._base_url(scope), parameters, received.params, body, files, version)
        faults = services.faults.take(operation.name, shop.key)
        return await services.injector.answer(faults, progress.request_id, lambda: _carry_out(operation, call))

    def _log_request(self, received: Received, progress: _Progress, answer: Answer) -> None:
        journal = self._services.journal
        entry = Entry(
            at=progress.at,
            method=received.method,
            path=received.path,
            query=masked(received.query),
            operation=progress.operation,
            shop=progress.shop,
            status=answer.status,
            code=answer.code,
            body_sha256=body_hash(received.body),
            request_id=progress.request_id,
            fault=answer.fault,
        )
        journal.log(entry)
        if progress.shop is not None and progress.operation is not None:
            journal.traffic.add(progress.shop, progress.arrived, progress.operation, answer.status, answer.code)

    def _base_url(self, scope: Scope) -> str:
        """The address that this request was sent to, for addresses in the answer."""
        public = self._services.settings.public_url
        if public is not None:
            return public
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), None)
        if host is None:
            name, port = scope["server"]
            host = f"{name}:{port}"
        return f"{scope['scheme']}://{host}"


def _carry_out(operation: Operation, call: Call) -> dict[str, object]:
    """The operation's data. Webhooks report what it changed about a product."""
    data = operation.handle(call)
    product = call.shop.products.get(call.path.get("product_id", ""))
    if product is not None and operation.method != "GET":
        call.services.webhooks.observe(call.shop, product)
    return data
