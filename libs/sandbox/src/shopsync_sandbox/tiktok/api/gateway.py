"""The API host: every request passes here, is checked, counted, maybe spoilt by a fault, and answered."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import structlog
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from shopsync_sandbox.tiktok.api.admission import Received, check_access, check_content_type, check_signature
from shopsync_sandbox.tiktok.api.call import Call, Operation
from shopsync_sandbox.tiktok.api.table import find_operation
from shopsync_sandbox.tiktok.codes import ApiError, Code
from shopsync_sandbox.tiktok.dropping import drop_connection
from shopsync_sandbox.tiktok.envelope import failure, status_of, success
from shopsync_sandbox.tiktok.faults import Fault
from shopsync_sandbox.tiktok.journal import Entry, body_hash, masked
from shopsync_sandbox.tiktok.services import Services

MAX_BODY = 11 * 1024 * 1024
_HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_log = structlog.get_logger("tiktok-sandbox")


@dataclass(slots=True)
class _Progress:
    """What is known about a request when it is logged. `response` None = the connection is dropped."""

    request_id: str
    operation: str | None = None
    shop: str | None = None
    code: int | None = None
    fault: str | None = None
    response: Response | None = None


class Gateway:
    """An ASGI application for every path that is not the sandbox's own."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        progress = _Progress(self._services.world.request_id())
        received: Received | None = None
        try:
            received = await _receive(request)
            progress.response = await self._answer(request, received, progress)
        except ApiError as error:
            self._refuse(progress, error)
        except Exception:  # noqa: BLE001 - a bug is logged and answered as TikTok answers its own: 36009003
            _log.exception("sandbox bug", path=request.url.path, request_id=progress.request_id)
            self._refuse(progress, ApiError(Code.INTERNAL, "internal error"))
        self._log(request, received, progress)
        if progress.response is None:
            await drop_connection(scope)
        else:
            await progress.response(scope, receive, send)

    async def _answer(self, request: Request, received: Received, progress: _Progress) -> Response | None:
        """The reply, or None to drop the connection."""
        services = self._services
        operation, parameters = find_operation(request.method, request.url.path)
        progress.operation = operation.name
        if len(received.body) > MAX_BODY:
            raise ApiError(Code.UPLOAD_TOO_LARGE, "the request body is too large")
        check_signature(received, services)
        grant, shop = check_access(received, operation, services)
        progress.shop = shop.key
        check_content_type(received, operation)
        services.limits.take(shop.key, operation.name)
        body, files = await _content(request, received, operation)
        call = Call(services, shop, grant, _base_url(request, services), parameters, dict(received.query), body, files)
        return await self._with_faults(operation, call, progress)

    async def _with_faults(self, operation: Operation, call: Call, progress: _Progress) -> Response | None:
        faults = self._services.faults.take(operation.name, call.shop.key)
        for fault in faults:
            progress.fault = fault.kind
            if fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
        spoiling = next((fault for fault in faults if fault.kind != "slow"), None)
        if spoiling is None or spoiling.after:
            answer = success(operation.handle(call), progress.request_id)
            progress.code = 0
            if spoiling is None:
                return answer
        return self._spoil(spoiling, progress.request_id)

    def _spoil(self, fault: Fault, request_id: str) -> Response | None:
        """Answer wrong: None drops the connection, refusals are raised."""
        if fault.kind == "drop":
            return None
        if fault.kind == "rate_limit":
            raise self._services.limits.refusal(fault.seconds, retry_after=fault.retry_after)
        if fault.kind == "gateway_timeout":
            raise ApiError(Code.GATEWAY_TIMEOUT, "gateway timeout")
        if fault.kind == "html":
            return HTMLResponse(_HTML, status_code=502)
        return failure(ApiError(Code.INTERNAL, "internal error, please retry later"), request_id, fault.status)

    def _refuse(self, progress: _Progress, error: ApiError) -> None:
        status = status_of(error.code, self._services.settings.business_error_status)
        progress.code = int(error.code)
        progress.response = failure(error, progress.request_id, status)

    def _log(self, request: Request, received: Received | None, progress: _Progress) -> None:
        entry = Entry(
            at=self._services.world.now(),
            method=request.method,
            path=request.url.path,
            query=masked(parse_qsl(request.url.query, keep_blank_values=True)),
            operation=progress.operation,
            shop=progress.shop,
            status=None if progress.response is None else progress.response.status_code,
            code=progress.code,
            body_sha256=body_hash(received.body if received else b""),
            request_id=progress.request_id,
            fault=progress.fault,
        )
        self._services.journal.log(entry)


async def _receive(request: Request) -> Received:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BODY + 1:
            del content[MAX_BODY + 1 :]
    body = bytes(content)
    raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    return Received(
        method=request.method,
        path=raw_path.partition(b"?")[0].decode("ascii"),
        query=parse_qsl(request.url.query, keep_blank_values=True),
        body=body,
        content_type=request.headers.get("content-type"),
        token=request.headers.get("x-tts-access-token"),
        caller_ip=request.client.host if request.client else "",
    )


async def _content(
    request: Request,
    received: Received,
    operation: Operation,
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """JSON members, or form fields and files."""
    if operation.multipart:
        return await _form(request.scope, received.body)
    if not received.body:
        return {}, {}
    try:
        document = json.loads(received.body)
    except ValueError as error:
        raise ApiError(Code.WRONG_CONTENT_TYPE, "the body is not valid JSON") from error
    if not isinstance(document, dict):
        raise ApiError(Code.INVALID_PARAM, "invalid param: the body is not a JSON object")
    return document, {}


async def _form(scope: Scope, body: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    fields: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    try:
        form = await Request(scope, _replay(body)).form(max_part_size=MAX_BODY)
    except HTTPException as error:
        raise ApiError(Code.NOT_MULTIPART, f"the multipart body cannot be read: {error.detail}") from error
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files[name] = await value.read()
        else:
            fields[name] = value
    await form.close()
    return fields, files


def _replay(body: bytes) -> Callable[[], Awaitable[dict[str, Any]]]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _base_url(request: Request, services: Services) -> str:
    return services.settings.public_url or f"{request.url.scheme}://{request.url.netloc}"
