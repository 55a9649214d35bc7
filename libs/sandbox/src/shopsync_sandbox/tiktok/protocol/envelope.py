"""The reply every API call gets: `{code, message, request_id, data}`."""

import json
from typing import Any

from starlette.responses import Response

from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code

# The codes in live_answers.py were seen on the live service; the others are our decision (docs/sandbox-tiktok.md).
_STATUS: dict[int, int] = {
    Code.WRONG_SIGN: 401,
    Code.TOKEN_EXPIRED: 401,
    Code.TOKEN_INVALID: 401,
    Code.SHOP_DEACTIVATED: 401,
    Code.SHOP_INACTIVE: 401,
    Code.SELLER_BARRED: 401,
    Code.CIPHER_MISMATCH: 403,
    Code.SCOPE_MISSING: 403,
    Code.CALLER_IP: 403,
    Code.UNKNOWN_PATH: 404,
    Code.WRONG_METHOD: 405,
    Code.UPLOAD_TOO_LARGE: 413,
    Code.WRONG_CONTENT_TYPE: 415,
    Code.NOT_MULTIPART: 415,
    Code.RATE_LIMITED: 429,
    Code.HOUR_SPENT: 429,
    Code.INTERNAL: 500,
    Code.GATEWAY_TIMEOUT: 504,
}
_GATEWAY: frozenset[int] = frozenset({Code.INVALID_PARAM, Code.WRONG_VERSION, Code.CIPHER_MISSING, Code.WRONG_TYPE})


def status_of(code: int, business_status: int) -> int:
    """The HTTP status of a refusal."""
    return _STATUS.get(code, 400 if code in _GATEWAY else business_status)


def success(data: dict[str, Any], request_id: str, message: str = "Success") -> Response:
    """HTTP 200 with code 0."""
    return _json(200, {"code": 0, "message": message, "request_id": request_id, "data": data})


def failure(error: ApiError, request_id: str, status: int) -> Response:
    """The refusal with `data: null`."""
    document = {"code": int(error.code), "message": error.message, "request_id": request_id, "data": None}
    return _json(status, document, error.headers)


def _json(status: int, document: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, status, headers, media_type="application/json; charset=utf-8")
