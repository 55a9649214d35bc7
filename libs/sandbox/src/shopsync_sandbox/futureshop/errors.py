"""Refusals of the API.

* ApiError – one reply in futureshop's error form
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class ApiError(Exception):
    """A refused call: HTTP status, futureshop's code, the parameter that is wrong, and a text."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        path: str | None = None,
        headers: dict[str, str] | None = None,
        oauth_error: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.path = status, code, message, path
        self.headers, self.oauth_error = headers, oauth_error

    def response(self) -> Response:
        """`{"status": "failed", "errors": [{"code", "path"?, "message"}]}`; token calls add OAuth's `error`."""
        body = failed(self.code, self.message, self.path)
        if self.oauth_error:
            body["error"] = self.oauth_error
        return JSONResponse(body, self.status, headers=self.headers)


def failed(code: str, message: str, path: str | None = None) -> dict[str, object]:
    """The body of a failed call; it can come with HTTP status 200."""
    at = {} if path is None else {"path": path}
    return {"status": "failed", "errors": [{"code": code, **at, "message": message}]}


def bad_parameter(code: str, path: str, message: str) -> ApiError:
    """A parameter that cannot be used: HTTP 400."""
    return ApiError(400, code, message, path=path)


async def on_api_error(_: Request, error: Exception) -> Response:
    """Starlette's handler for ApiError."""
    if not isinstance(error, ApiError):
        raise error
    return error.response()
