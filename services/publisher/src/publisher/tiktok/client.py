"""HTTP to TikTok Shop: signing, envelope, typed errors. endpoints.py lists the calls."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import structlog
from pydantic import SecretStr

from publisher.errors import AppMisconfigured, PublisherError, RateLimited, Unavailable
from publisher.metrics import CALLS
from publisher.tiktok.app_circuit import AppCircuitBreaker
from publisher.tiktok.clock_skew import ClockWatch
from publisher.tiktok.endpoints import Method, endpoint_of
from publisher.tiktok.replies import Data, read_json, read_reply, request_id_of
from publisher.tiktok.signing import request_signature
from publisher.tiktok.transport import ACCEPTED_ENCODINGS, exchange
from shopsync_runtime.http_client import Sender
from shopsync_runtime.tracing import Span, span

log = structlog.get_logger(__name__)

_HEADERS = {"accept": "*/*", "accept-encoding": ACCEPTED_ENCODINGS, "user-agent": "shopsync"}


@dataclass(frozen=True, slots=True)
class App:
    """The app as TikTok Shop knows it, and TikTok's addresses: of the API and of the token host, without a path."""

    key: str
    secret: SecretStr
    api_url: str
    auth_url: str


@dataclass(frozen=True, slots=True)
class Access:
    """What a call for one shop needs. `version`: of the stored token pair. `cipher`: names the shop in calls."""

    token: SecretStr
    cipher: str
    version: int


@dataclass(frozen=True, slots=True)
class TokenPair:
    """A reply of the token host; expiries are in UTC."""

    access_token: SecretStr
    access_expires_at: datetime
    refresh_token: SecretStr
    refresh_expires_at: datetime
    seller_name: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One API call. endpoints.py says whether it takes the cipher and is a write. `image`: for uploads."""

    method: Method
    path: str
    query: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None
    image: bytes | None = None
    use_case: str = ""


class TikTokClient:
    """Calls TikTok Shop for all shops. Every failure is a PublisherError; nothing is retried here."""

    def __init__(self, http: Sender, app: App, *, deadline: timedelta, clock: Callable[[], datetime]) -> None:
        self.app_circuit = AppCircuitBreaker()
        self._http = http
        self._api_url = httpx.URL(app.api_url)
        self._prefix = self._api_url.raw_path.rstrip(b"/")
        self._auth_url = app.auth_url.rstrip("/")
        self._app_key = app.key
        self._secret = app.secret
        self._deadline = deadline
        self._clock = clock
        self._watch = ClockWatch()

    def check_app(self, call: Call) -> None:
        """Raises AppStopped while TikTok refuses the app for such calls: they need not wait for a send time."""
        self.app_circuit.check(self._clock(), endpoint_of(call.method, call.path).name)

    async def call(self, call: Call, *, token: SecretStr, cipher: str | None = None) -> Data:
        """Send one signed call and return its `data`. Raises NotAllowed, without sending, when endpoints.py lacks it.

        The cipher is sent only to endpoints that take it.
        """
        endpoint = endpoint_of(call.method, call.path)
        content = (
            b"" if call.body is None else json.dumps(call.body, ensure_ascii=False, separators=(",", ":")).encode()
        )
        query = {**(call.query or {}), "app_key": self._app_key, "timestamp": str(int(self._clock().timestamp()))}
        if endpoint.cipher:
            query["shop_cipher"] = cipher or ""
        query["sign"] = request_signature(self._secret.get_secret_value(), call.path, query, content)
        request = self._request(call, query, token, content)
        data = await self._send(request, endpoint.name, write=endpoint.write)
        self.app_circuit.accepted(endpoint.name)
        return data

    def _request(self, call: Call, query: Mapping[str, str], token: SecretStr, content: bytes) -> httpx.Request:
        """Path and query as they are: httpx would parse the same host, and check each letter, once per call."""
        headers = {"x-tts-access-token": token.get_secret_value(), **_HEADERS}
        target = self._prefix + f"{call.path}?{urlencode(query)}".encode("ascii")
        extensions = {"target": target}
        if call.image is None:
            headers["content-type"] = "application/json"
            return httpx.Request(call.method, self._api_url, headers=headers, content=content, extensions=extensions)
        files = {"data": ("image", call.image, "application/octet-stream")}
        form = {"use_case": call.use_case}
        request = httpx.Request(
            call.method, self._api_url, headers=headers, files=files, data=form, extensions=extensions
        )
        request.read()  # in one piece: otherwise each part is a write to the connection
        return request

    async def exchange_code(self, code: str) -> TokenPair:
        """Exchange the code of a consent. Raises AuthorizationEnded when it is bad, used or older than 30 minutes."""
        return await self._token("get", {"auth_code": code, "grant_type": "authorized_code"})

    async def refresh_token(self, refresh_token: SecretStr) -> TokenPair:
        """Exchange a refresh token for a new pair; both change. Raises AuthorizationEnded when it is not valid."""
        values = {"refresh_token": refresh_token.get_secret_value(), "grant_type": "refresh_token"}
        return await self._token("refresh", values)

    async def _token(self, operation: str, values: Mapping[str, str]) -> TokenPair:
        query = {"app_key": self._app_key, "app_secret": self._secret.get_secret_value(), **values}
        request = httpx.Request("GET", f"{self._auth_url}/api/v2/token/{operation}", params=query, headers=_HEADERS)
        data = await self._send(request, f"token_{operation}", write=True)
        self.app_circuit.served(f"token_{operation}")
        return _token_pair(data)

    async def _send(self, request: httpx.Request, name: str, *, write: bool) -> Data:
        self.app_circuit.enter(self._clock(), name)
        started, outcome = time.monotonic(), "ok"
        try:
            with span(f"TikTok {name}", kind="client", attributes={"http.request.method": request.method}) as call:
                return await self._answer(request, call, write=write)
        except PublisherError as error:
            outcome = type(error).__name__
            self._note(error, name)
            raise
        except BaseException:
            outcome = "cancelled"
            raise
        finally:
            CALLS.labels(name, outcome).observe(time.monotonic() - started)

    async def _answer(self, request: httpx.Request, call: Span, *, write: bool) -> Data:
        answer = await exchange(self._http, request, deadline=self._deadline, write=write)
        now = self._clock()
        skew = self._watch.skew(answer.headers.get("date"), now)
        document = read_json(answer.content)
        call.note("http.response.status_code", answer.status)
        call.note("tiktok.request_id", request_id_of(document))
        return read_reply(answer.status, answer.headers, document, write=write, now=now, skew=skew)

    def _note(self, error: PublisherError, name: str) -> None:
        log.info(
            "TikTok Shop call failed",
            endpoint=name,
            error=type(error).__name__,
            code=error.code,
            reason=error.message,
            request_id=error.request_id,
        )
        if isinstance(error, AppMisconfigured):
            self.app_circuit.refused(error, self._clock(), name)
        elif isinstance(error, Unavailable | RateLimited):
            pass
        elif name.startswith("token_"):
            # The token host does not check key, signature and address.
            self.app_circuit.served(name)
        else:
            # TikTok refuses a call only after it has accepted the app.
            self.app_circuit.accepted(name)


def _token_pair(data: Data) -> TokenPair:
    try:
        return TokenPair(
            access_token=_token_of(data["access_token"]),
            access_expires_at=datetime.fromtimestamp(int(data["access_token_expire_in"]), UTC),
            refresh_token=_token_of(data["refresh_token"]),
            refresh_expires_at=datetime.fromtimestamp(int(data["refresh_token_expire_in"]), UTC),
            seller_name=str(data.get("seller_name", "")),
            scopes=tuple(str(scope) for scope in data.get("granted_scopes") or ()),
        )
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        # The consent has not ended: asked again, TikTok sends a whole reply or says that the token is not valid.
        text = f"the token reply is incomplete or unreadable ({type(error).__name__})"
        raise Unavailable("token_reply", text, outcome_unknown=True) from None


def _token_of(value: object) -> SecretStr:
    """Raises ValueError for anything but printable ASCII: a token is sent in a header."""
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise ValueError("no token")
    return SecretStr(value)
