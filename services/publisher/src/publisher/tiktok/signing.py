"""TikTok Shop's two signatures, as lower-case hex. Pure."""

import hashlib
import hmac
from collections.abc import Mapping

_UNSIGNED = frozenset({"sign", "access_token"})


def request_signature(secret: str, path: str, query: Mapping[str, str], body: bytes = b"") -> str:
    """The `sign` parameter of an API call.

    `path` without host and query, `query` with decoded values, `body` the exact bytes sent; pass none for
    GET and multipart, whose bodies are not signed.
    """
    pairs = sorted((item for item in query.items() if item[0] not in _UNSIGNED), key=lambda item: item[0].encode())
    canonical = path.encode() + b"".join(name.encode() + value.encode() for name, value in pairs) + body
    key = secret.encode()
    return hmac.new(key, key + canonical + key, hashlib.sha256).hexdigest()


def webhook_signature(app_key: str, secret: str, body: bytes) -> str:
    """The `Authorization` header of a webhook, over its raw body. It has no time stamp, so repeats are valid too."""
    return hmac.new(secret.encode(), app_key.encode() + body, hashlib.sha256).hexdigest()


def is_webhook_authentic(given: str, *, app_key: str, secret: str, body: bytes) -> bool:
    """Whether the signature is that of the body, compared in constant time."""
    return hmac.compare_digest(given.encode(), webhook_signature(app_key, secret, body).encode())
