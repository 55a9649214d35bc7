"""TikTok Shop's two signatures, as pure functions."""

import hashlib
import hmac
from collections.abc import Iterable

_UNSIGNED = frozenset({"sign", "access_token"})


def is_multipart(content_type: str | None) -> bool:
    """Whether the media type is multipart/form-data. Parameters such as the boundary, and case, do not matter."""
    return (content_type or "").partition(";")[0].strip().lower() == "multipart/form-data"


def request_sign(
    secret: str,
    path: str,
    query: Iterable[tuple[str, str]],
    body: bytes = b"",
    content_type: str | None = None,
) -> str:
    """Lower-case hex signature of a request: `path` without host and query, `query` decoded, `body` the exact bytes.

    A multipart body is not signed.
    """
    pairs = sorted((pair for pair in query if pair[0] not in _UNSIGNED), key=lambda pair: pair[0].encode())
    signed = path + "".join(key + value for key, value in pairs)
    content = b"" if is_multipart(content_type) else body
    message = secret.encode() + signed.encode() + content + secret.encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def webhook_sign(app_key: str, secret: str, body: bytes) -> str:
    """The `Authorization` header of a webhook: no prefix, no timestamp, over app key and raw body."""
    return hmac.new(secret.encode(), app_key.encode() + body, hashlib.sha256).hexdigest()
