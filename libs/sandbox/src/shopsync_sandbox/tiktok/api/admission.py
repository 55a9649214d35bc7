"""The gateway's checks, in the order a request meets them. Pure but for the state they are given."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from shopsync_sandbox.tiktok.api.call import Operation
from shopsync_sandbox.tiktok.codes import ApiError, Code
from shopsync_sandbox.tiktok.model import Shop
from shopsync_sandbox.tiktok.services import Services
from shopsync_sandbox.tiktok.signing import is_multipart, request_sign
from shopsync_sandbox.tiktok.tokens import Grant

OLDEST, NEWEST = 300, 30


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came: `path` undecoded, `query` decoded, `body` raw."""

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    body: bytes
    content_type: str | None
    token: str | None
    caller_ip: str

    def first(self, name: str) -> str | None:
        return next((value for key, value in self.query if key == name), None)


def check_signature(received: Received, services: Services) -> None:
    """App key, timestamp window and signature: 36009004 with the keyword clients look for, or 106001."""
    app = services.world.app
    if received.first("app_key") != app.app_key:
        raise ApiError(Code.INVALID_PARAM, "app_key is invalid")
    sign = received.first("sign")
    if not sign:
        raise ApiError(Code.INVALID_PARAM, "sign is missing")
    _check_timestamp(received.first("timestamp"), services.world.now())
    expected = request_sign(app.app_secret, received.path, received.query, received.body, received.content_type)
    if not hmac.compare_digest(sign.encode(), expected.encode()):
        raise ApiError(Code.WRONG_SIGN, "sign is invalid")


def _check_timestamp(stamp: str | None, now: float) -> None:
    digits = (stamp or "").removeprefix("-")
    if not stamp or not digits.isascii() or not digits.isdigit():
        raise ApiError(Code.INVALID_PARAM, "timestamp is missing or not a number")
    at = int(stamp)
    if at < 0:
        raise ApiError(Code.INVALID_PARAM, "timestamp is negative")
    if at < now - OLDEST:
        raise ApiError(Code.INVALID_PARAM, "timestamp is older than 5 minutes")
    if at > now + NEWEST:
        raise ApiError(Code.INVALID_PARAM, "timestamp is more than 30 seconds ahead of the server time")


def check_access(received: Received, operation: Operation, services: Services) -> tuple[Grant, Shop]:
    """Caller address, token, scope and shop cipher; the shop the call is about."""
    allowed = services.settings.allowed_ips
    if allowed and received.caller_ip not in allowed:
        raise ApiError(Code.CALLER_IP, f"caller IP {received.caller_ip} is not in the allow list")
    grant = services.tokens.grant_of(received.token)
    if operation.scope not in grant.scopes:
        raise ApiError(Code.SCOPE_MISSING, f"access denied: scope {operation.scope} is not granted")
    cipher = received.first("shop_cipher")
    if not operation.cipher:
        if cipher is not None:
            raise ApiError(Code.INVALID_PARAM, "shop_cipher is not required for this API")
        return grant, services.world.shop(grant.shop_keys[0])
    if not cipher:
        raise ApiError(Code.CIPHER_MISSING, "shop_cipher is missing")
    shop = services.world.by_cipher.get(cipher)
    if shop is None or shop.key not in grant.shop_keys:
        raise ApiError(Code.CIPHER_MISMATCH, "access_token and shop_cipher do not match")
    return grant, shop


def check_content_type(received: Received, operation: Operation) -> None:
    """JSON for everything but uploads: 36009022, 36009023."""
    if operation.multipart:
        if not is_multipart(received.content_type):
            raise ApiError(Code.NOT_MULTIPART, "content-type must be multipart/form-data")
        return
    media_type = (received.content_type or "").partition(";")[0].strip().lower()
    if received.body and media_type != "application/json":
        raise ApiError(Code.WRONG_CONTENT_TYPE, "content-type must be application/json or multipart/form-data")
