"""Asks the publisher to begin and complete a TikTok Shop authorisation. Its replies hold no token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from shopsync_cli.errors import CommandFailed, Unreachable, WrongCall

_SECONDS = 60.0
_HELP = "set --publisher or SHOPSYNC_PUBLISHER_URL"


@dataclass(frozen=True, slots=True)
class Publisher:
    """A running publisher, at the address of its HTTP port."""

    url: str

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise WrongCall(f"{self.url!r} is no http:// or https:// address; {_HELP}")

    async def consent_url(self, shop_key: str, tiktok_shop_id: str | None) -> str:
        """Where the seller gives consent. Raises CommandFailed with the publisher's reason."""
        query = {"shop_key": shop_key, **({"tiktok_shop_id": tiktok_shop_id} if tiktok_shop_id else {})}
        document = await self._get("start", query)
        return str(document.get("consent_url", ""))

    async def complete(self, code: str, consent_url: str) -> Mapping[str, Any]:
        """Complete the consent begun at that address. Returns shop_key, tiktok_shop_id, seller_name, consent_until."""
        states = parse_qs(urlsplit(consent_url).query).get("state", [""])
        return await self._get("callback", {"code": code, "state": states[0]})

    async def _get(self, what: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        address = f"{self.url.rstrip('/')}/oauth/tiktok/{what}"
        try:
            async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as http:
                reply = await http.get(address, params=dict(query), headers={"accept": "application/json"})
        except httpx.InvalidURL as error:
            raise WrongCall(f"{self.url!r} is no address: {error}; {_HELP}") from None
        except httpx.HTTPError as error:
            # Without the error's own text: its request holds the code.
            raise Unreachable(f"the publisher is not reachable at {self.url}: {_reason(error)}; {_HELP}") from None
        try:
            document = reply.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise CommandFailed(f"{self.url} answers HTTP {reply.status_code}, but not as a publisher; {_HELP}")
        if reply.status_code != httpx.codes.OK:
            fault = document.get("error")
            reason = fault.get("message") if isinstance(fault, dict) else fault
            raise CommandFailed(f"the publisher refuses (HTTP {reply.status_code}): {reason or 'it gives no reason'}")
        return document


def _reason(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {_SECONDS:g} s"
    if isinstance(error, httpx.ConnectError):
        return "no connection (nothing listens there, or its name or certificate is wrong)"
    return "the connection was cut"


def code_of(text: str) -> str:
    """The code, from the code itself or from the whole address that TikTok sent the seller back to."""
    if "code=" not in text:
        return text.strip()
    codes = parse_qs(urlsplit(text.strip()).query or text.strip()).get("code", [""])
    if not codes[0]:
        raise WrongCall("--code: the address holds no code")
    return codes[0]
