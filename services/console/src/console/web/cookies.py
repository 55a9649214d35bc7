"""The cookies. With TLS their names begin with `__Host-`: browsers take them from this host by TLS alone."""

from datetime import timedelta
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

Cookie = Literal["session", "visit", "device", "language"]


class Cookies:
    """All of them are for the server alone, and not sent by forms of other sites."""

    def __init__(self, *, is_secure: bool) -> None:
        self._is_secure = is_secure

    def name(self, cookie: Cookie) -> str:
        """As the browser has it."""
        return f"__Host-console_{cookie}" if self._is_secure else f"console_{cookie}"

    def get(self, request: Request, cookie: Cookie) -> str:
        """Empty when there is none."""
        return request.cookies.get(self.name(cookie), "")

    def set(self, response: Response, cookie: Cookie, value: str, lifetime: timedelta | None = None) -> None:
        """Without a lifetime until the browser is closed."""
        response.set_cookie(
            self.name(cookie),
            value,
            max_age=None if lifetime is None else int(lifetime.total_seconds()),
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )

    def remove(self, response: Response, cookie: Cookie) -> None:
        """With the attributes that it was set with: browsers ignore it else."""
        response.delete_cookie(self.name(cookie), path="/", secure=self._is_secure, httponly=True, samesite="lax")
