"""Forms that only this session's own pages can send."""

import hashlib
import hmac

FIELD = "csrf"
HEADER = "x-csrf"


def token_of(cookie: str) -> str:
    """The token for the forms of a session or visit: nobody who does not have the cookie can make it."""
    return hmac.new(cookie.encode(), b"console form", hashlib.sha256).hexdigest()


def fits(cookie: str, given: str) -> bool:
    """Whether a form's token is that of the cookie."""
    return bool(cookie and given) and hmac.compare_digest(token_of(cookie).encode(), given.encode())
