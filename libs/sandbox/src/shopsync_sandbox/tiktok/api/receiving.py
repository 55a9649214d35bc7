"""Reads a request, and its content once it is admitted."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope

from shopsync_sandbox.tiktok.api.admission import Received, too_large
from shopsync_sandbox.tiktok.api.call import Operation, Upload
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code

#: nothing larger is kept in memory, so that the signature of a larger body cannot be checked
READ_AT_MOST = 101 * 1024 * 1024

Content = tuple[dict[str, Any], dict[str, Upload]]


def head_of(scope: Scope) -> Received:
    """Everything but the body. Header names are lower case, as ASGI servers pass them."""
    headers = dict(reversed(scope["headers"]))
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    content_type, token = headers.get(b"content-type"), headers.get(b"x-tts-access-token")
    client = scope.get("client")
    return Received(
        method=scope["method"],
        path=raw_path.partition(b"?")[0].decode("latin-1"),
        query=parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True),
        body=b"",
        content_type=None if content_type is None else content_type.decode("latin-1"),
        token=None if token is None else token.decode("latin-1"),
        caller_ip=client[0] if client else "",
    )


async def body_of(receive: Receive, limit: int = READ_AT_MOST) -> bytes:
    """The whole body. Raises ApiError 36009021 above `limit` bytes, ClientDisconnect when the client is gone."""
    message = await receive()
    if not message.get("more_body") and message["type"] == "http.request":
        first: bytes = message.get("body", b"")
        return first
    content, size = bytearray(), 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= limit:
            content += chunk
        if not message.get("more_body"):
            break
        message = await receive()
    if size > limit:
        raise too_large(limit)
    return bytes(content)


async def content_of(scope: Scope, received: Received, operation: Operation) -> Content:
    """JSON members, or form fields and files. Raises ApiError for what cannot be read."""
    if operation.multipart:
        return await _form(scope, received.body)
    if not received.body:
        return {}, {}
    try:
        document = json.loads(received.body)
    except (ValueError, RecursionError) as error:
        raise ApiError(Code.WRONG_CONTENT_TYPE, "the body is not valid JSON") from error
    if not isinstance(document, dict):
        raise ApiError(Code.INVALID_PARAM, "invalid param: the body is not a JSON object")
    return document, {}


async def _form(scope: Scope, body: bytes) -> Content:
    fields: dict[str, Any] = {}
    files: dict[str, Upload] = {}
    try:
        form = await Request(scope, _replay(body)).form(max_part_size=len(body))
    except HTTPException as error:
        raise ApiError(Code.NOT_MULTIPART, f"the multipart body cannot be read: {error.detail}") from error
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files[name] = Upload(value.filename or "", await value.read())
        else:
            fields[name] = value
    await form.close()
    return fields, files


def _replay(body: bytes) -> Callable[[], Awaitable[dict[str, Any]]]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
