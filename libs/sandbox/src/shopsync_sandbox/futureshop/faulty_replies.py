"""Faulty replies: cut off, slow, huge when unpacked, in another encoding, or with nonsense in the records."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from shopsync_sandbox.futureshop.faults import Fault, FaultKind

_JSON = "application/json"
_MIB = 1024 * 1024
_GZIP = 31  # zlib's window bits for a gzip header

Document = dict[str, object]


def faulty_response(fault: Fault, body: object) -> Response | None:
    """The reply as a transport fault changes it; None for faults of other kinds."""
    match fault.kind:
        case FaultKind.DROP:
            return _Dropped(as_json(body), fault.share)
        case FaultKind.DRIP:
            return _dripping(as_json(body), fault)
        case FaultKind.ENCODING:
            text = json.dumps(body, ensure_ascii=False)
            return Response(text.encode(fault.encoding, errors="replace"), media_type=_JSON)
        case FaultKind.GZIP_BOMB:
            return Response(_bomb(fault.mebibytes), media_type=_JSON, headers={"Content-Encoding": "gzip"})
        case FaultKind.REDIRECT:
            return RedirectResponse(fault.url, 302)
        case _:
            return None


def as_json(body: object) -> bytes:
    """The body in ASCII, which may contain NaN, infinities and lone surrogates."""
    return json.dumps(body, separators=(",", ":")).encode()


def set_members(records: Sequence[Document], changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Set members of records in place. `changes`: product number, or "*" for every one → dotted path → value."""
    for record in records:
        number = str(record.get("productNo"))
        for path, value in {**changes.get("*", {}), **changes.get(number, {})}.items():
            _set(record, path.split("."), value)


def _set(place: Any, steps: Sequence[str], value: object) -> None:
    for step in steps[:-1]:
        if isinstance(place, list):
            place = place[int(step)]
            continue
        if not isinstance(place.get(step), dict | list):
            place[step] = {}
        place = place[step]
    last: Any = int(steps[-1]) if isinstance(place, list) else steps[-1]
    place[last] = value


class _Dropped(Response):
    """Announces the whole body and closes the connection after a share of it. Needs a real server."""

    def __init__(self, body: bytes, share: float) -> None:
        super().__init__(body, media_type=_JSON)
        self._sent = body[: int(len(body) * share)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        # The server closes the connection of an application that ends before its body does.
        await send({"type": "http.response.body", "body": self._sent, "more_body": True})


def _dripping(body: bytes, fault: Fault) -> Response:
    async def drops() -> AsyncIterator[bytes]:
        for start in range(0, len(body), fault.bytes):
            yield body[start : start + fault.bytes]
            await asyncio.sleep(fault.ms / 1000)

    return StreamingResponse(drops(), media_type=_JSON, headers={"Content-Length": str(len(body))})


def _bomb(mebibytes: int) -> bytes:
    """So many MiB of spaces, compressed to about a thousandth."""
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    spaces = b" " * _MIB
    return b"".join(packer.compress(spaces) for _ in range(mebibytes)) + packer.flush()
