"""HTTP to TikTok Shop: signing, envelope, bounded bodies, typed errors. Knows no endpoint but the token host's."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import httpx
from pydantic import SecretStr

from publisher.errors import AuthorizationEnded, Unavailable
from publisher.replies import Data, read_reply
from publisher.signing import request_signature

_LARGEST_REPLY = 8 * 1024 * 1024
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Failures before the first byte left: the write has certainly not been done."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a call for one shop needs. `version` names the token pair in the store; `cipher` is TikTok's shop cipher."""

    token: SecretStr
    cipher: str
    version: int


@dataclass(frozen=True, slots=True)
class TokenPair:
    """A token host's reply; expiries are aware."""

    access_token: SecretStr
    access_expires_at: datetime
    refresh_token: SecretStr
    refresh_expires_at: datetime
    seller_name: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One API call. `write`: an unanswered one may have been carried out. Uploads carry `image` instead of `body`."""

    method: Literal["GET", "POST", "PUT"]
    path: str
    query: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None
    image: bytes | None = None
    use_case: str = ""
    with_cipher: bool = True
    write: bool = False


class TikTokClient:
    """One connection pool for all shops. Every failure is a PublisherError; nothing is retried here."""

    def __init__(
        self, http: httpx.AsyncClient, *, api_url: str, auth_url: str, app_key: str, app_secret: SecretStr,
        clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._http = http
        self._api_url = api_url.rstrip("/")
        self._auth_url = auth_url.rstrip("/")
        self._app_key = app_key
        self._secret = app_secret
        self._clock = clock

    async def call(self, call: Call, *, token: SecretStr, cipher: str | None = None) -> Data:
        """Send one signed call and give its `data`."""
        content = (
            b"" if call.body is None else json.dumps(call.body, ensure_ascii=False, separators=(",", ":")).encode()
        )
        query = {**(call.query or {}), "app_key": self._app_key, "timestamp": str(int(self._clock().timestamp()))}
        if call.with_cipher and cipher is not None:
            query["shop_cipher"] = cipher
        query["sign"] = request_signature(self._secret.get_secret_value(), call.path, query, content)
        headers = {"x-tts-access-token": token.get_secret_value()}
        if call.image is not None:
            files = {"data": ("image", call.image, "application/octet-stream")}
            request = self._http.build_request(
                call.method, self._api_url + call.path, params=query, headers=headers, files=files,
                data={"use_case": call.use_case},
            )  # fmt: skip
        else:
            headers["content-type"] = "application/json"
            request = self._http.build_request(
                call.method, self._api_url + call.path, params=query, headers=headers, content=content
            )
        return await self._send(request, write=call.write)

    async def exchange_code(self, code: str) -> TokenPair:
        """Trade a consent's code, once. Raises AuthorizationEnded when it is bad, used or older than 30 minutes."""
        return await self._token("get", {"auth_code": code, "grant_type": "authorized_code"})

    async def refresh_token(self, refresh_token: SecretStr) -> TokenPair:
        """Trade a refresh token for a new pair; both change. Raises AuthorizationEnded when it is dead."""
        values = {"refresh_token": refresh_token.get_secret_value(), "grant_type": "refresh_token"}
        return await self._token("refresh", values)

    async def _token(self, operation: str, values: Mapping[str, str]) -> TokenPair:
        query = {"app_key": self._app_key, "app_secret": self._secret.get_secret_value(), **values}
        request = self._http.build_request("GET", f"{self._auth_url}/api/v2/token/{operation}", params=query)
        return _token_pair(await self._send(request, write=True))

    async def _send(self, request: httpx.Request, *, write: bool) -> Data:
        try:
            response = await self._http.send(request, stream=True)
            try:
                content = await _bounded(response)
            finally:
                await response.aclose()
        except _NOT_SENT as error:
            raise Unavailable("network", f"TikTok Shop cannot be reached: {_words(error)}") from None
        except httpx.HTTPError as error:
            # `from None`: httpx's exceptions hold the request, whose query and headers hold secrets.
            message = f"TikTok Shop's answer was lost: {_words(error)}"
            raise Unavailable("network", message, outcome_unknown=write) from None
        if content is None:
            raise Unavailable("reply_too_large", "TikTok Shop's answer is over 8 MiB", outcome_unknown=write)
        return read_reply(response.status_code, response.headers, _json(content), write=write, now=self._clock())


async def _bounded(response: httpx.Response) -> bytes | None:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > _LARGEST_REPLY:
            return None
        parts.append(part)
    return b"".join(parts)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _words(error: httpx.HTTPError) -> str:
    return f"{type(error).__name__} {error}".strip()


def _token_pair(data: Data) -> TokenPair:
    try:
        return TokenPair(
            access_token=SecretStr(data["access_token"]),
            access_expires_at=datetime.fromtimestamp(int(data["access_token_expire_in"]), UTC),
            refresh_token=SecretStr(data["refresh_token"]),
            refresh_expires_at=datetime.fromtimestamp(int(data["refresh_token_expire_in"]), UTC),
            seller_name=str(data.get("seller_name", "")),
            scopes=tuple(str(scope) for scope in data.get("granted_scopes") or ()),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        text = f"the token reply is incomplete or unreadable ({type(error).__name__})"
        raise AuthorizationEnded("token_reply", text) from None
