"""The gateway's checks, in the order in which a request passes them."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from shopsync_sandbox.tiktok.api.call import Operation
from shopsync_sandbox.tiktok.products.checks.shop import check_shop_open
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code, live_error
from shopsync_sandbox.tiktok.protocol.signing import is_multipart, request_sign
from shopsync_sandbox.tiktok.services import Services
from shopsync_sandbox.tiktok.state.model import Shop
from shopsync_sandbox.tiktok.tokens import Grant

NEWEST = 30
SELLER = 0


@dataclass(slots=True)
class Received:
    """A request as received: `path` undecoded, `query` decoded, `body` raw. The first of repeated parameters counts."""

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    body: bytes
    content_type: str | None
    token: str | None
    caller_ip: str
    params: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.params = dict(reversed(self.query))


def check_signature(received: Received, version: str, services: Services) -> None:
    """App key, timestamp window and signature. Raises 36009004, with the keyword that clients look for, or 106001."""
    app, params = services.world.app, received.params
    if params.get("app_key") != app.app_key:
        raise ApiError(Code.INVALID_PARAM, "app_key is invalid")
    sign = params.get("sign")
    if not sign:
        raise ApiError(Code.INVALID_PARAM, "sign is missing")
    _check_timestamp(params.get("timestamp"), services.world.now(), services.settings.oldest_timestamp_seconds)
    if params.get("version", version) != version:
        raise ApiError(Code.INVALID_PARAM, "version is invalid: it is not the version of the path")
    expected = request_sign(app.app_secret, received.path, received.query, received.body, received.content_type)
    if not hmac.compare_digest(sign.encode(), expected.encode()):
        raise ApiError(Code.WRONG_SIGN, "sign is invalid")


def _check_timestamp(stamp: str | None, now: float, oldest: int) -> None:
    digits = (stamp or "").removeprefix("-")
    if not stamp or not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise ApiError(Code.INVALID_PARAM, "timestamp is missing or not a number")
    at = int(stamp)
    if at < 0:
        raise ApiError(Code.INVALID_PARAM, "timestamp is negative")
    if at < now - oldest:
        raise ApiError(Code.INVALID_PARAM, "timestamp is older than 5 minutes")
    if at > now + NEWEST:
        raise ApiError(Code.INVALID_PARAM, "timestamp is more than 30 seconds ahead of the server time")


def check_token(received: Received, operation: Operation, services: Services) -> Grant:
    """Token, scope, whether token and cipher belong together, and the caller's address."""
    grant = services.tokens.grant_of(received.token)
    if operation.scope not in grant.scopes:
        raise ApiError(Code.SCOPE_MISSING, f"access denied: scope {operation.scope} is not granted")
    if grant.user_type != SELLER:
        raise ApiError(Code.CIPHER_MISMATCH, f"access_token has user_type {grant.user_type}, this API needs a seller's")
    cipher = received.params.get("shop_cipher")
    if cipher:
        shop = services.world.by_cipher.get(cipher)
        if shop is None or shop.key not in grant.shop_keys:
            raise ApiError(Code.CIPHER_MISMATCH, "access_token and shop_cipher do not match")
    allowed = services.settings.allowed_ips
    if allowed and received.caller_ip not in allowed:
        raise ApiError(Code.CALLER_IP, f"caller IP {received.caller_ip} is not in the allow list")
    return grant


def check_cipher(received: Received, operation: Operation, grant: Grant, services: Services) -> Shop:
    """The cipher rule of the endpoint. Returns the shop of the call, which must not be barred from all calls.

    The older parameter shop_id must name the same shop.
    """
    params = received.params
    if "category_asset_cipher" in params:
        raise ApiError(Code.INVALID_PARAM, "category_asset_cipher is not required for this API")
    if operation.cipher:
        if not params.get("shop_cipher"):
            raise live_error(Code.CIPHER_MISSING)
        shop = services.world.by_cipher[params["shop_cipher"]]
    else:
        if "shop_cipher" in params:
            raise ApiError(Code.INVALID_PARAM, "shop_cipher is not required for this API")
        shop = services.world.shop(grant.shop_keys[0])
    if params.get("shop_id", shop.id) != shop.id:
        raise ApiError(Code.INVALID_PARAM, "shop_id is invalid")
    check_shop_open(shop)
    return shop


def check_body(received: Received, operation: Operation) -> None:
    """Content type and size: JSON for everything but uploads. Raises 36009022, 36009023 or 36009021."""
    if operation.multipart:
        if not is_multipart(received.content_type):
            raise ApiError(Code.NOT_MULTIPART, "content-type must be multipart/form-data")
    elif received.body:
        media_type = (received.content_type or "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise ApiError(Code.WRONG_CONTENT_TYPE, "content-type must be application/json or multipart/form-data")
    if len(received.body) > operation.max_body:
        raise too_large(operation.max_body)


def too_large(limit: int) -> ApiError:
    """36009021."""
    return ApiError(Code.UPLOAD_TOO_LARGE, f"the request body is too large: at most {limit} bytes")
