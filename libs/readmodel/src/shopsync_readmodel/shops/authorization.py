"""Whether a shop is authorised at TikTok Shop, and who has to do what about it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shopsync_readmodel.actors import Actor
from shopsync_readmodel.times import is_ahead, show_time

WARN_BEFORE = timedelta(days=30)
_IN_SELLER_CENTER = {
    "12052700": "activate the shop in Seller Center",
    "12019004": "activate the shop in Seller Center",
    "12052419": "finish the shop's open tasks in Seller Center",
}


@dataclass(frozen=True, slots=True)
class AuthorizationStatus:
    """`state`: authorised, ends soon, listings wait, blocked, ended, not authorised, unknown. `who` None: nobody."""

    state: str
    why: str = ""
    who: str | None = None
    do: str = ""

    @property
    def line(self) -> str:
        """For a table's cell."""
        return f"{self.state}: {self.why}" if self.why else self.state


def consent_until(document: Mapping[str, Any]) -> datetime | None:
    """When the merchant has to have authorised again: TikTok's announcement, else the refresh token's end."""
    ends = [end for end in (document.get("refresh_expires_at"), document.get("expires_at")) if end is not None]
    return min(ends, default=None)


def authorization_status(shop_key: str, document: Mapping[str, Any] | None, now: datetime) -> AuthorizationStatus:
    """From a document of `authorization_states`. Of several troubles the worst."""
    again = f"`shopsync shops authorize {shop_key}`"
    if document is None:
        return AuthorizationStatus("not authorised", "", Actor.TOOL, again)
    if ended := document.get("ended"):
        return AuthorizationStatus("ended", _cause(ended), Actor.TOOL, again)
    if (blocked := document.get("blocked")) and is_ahead(document.get("blocked_until"), now):
        return _blocked(str(blocked[0]), _cause(blocked), again, show_time(document["blocked_until"]))
    until = consent_until(document)
    if until is not None and until - now < WARN_BEFORE:
        why = f"until {show_time(until)}" if until > now else f"since {show_time(until)} past its end"
        return AuthorizationStatus("ends soon", why, Actor.TOOL, f"{again}, before that day")
    if is_ahead(document.get("quota_until"), now):
        resumes = show_time(document["quota_until"])
        why = f"TikTok's daily number of new listings is used up; creates go on at {resumes}"
        return AuthorizationStatus("listings wait", why, Actor.WAIT, "nothing")
    return AuthorizationStatus("authorised", "" if until is None else f"until {show_time(until)}")


def _blocked(code: str, why: str, again: str, next_try: str) -> AuthorizationStatus:
    who, do = Actor.OPERATOR, f"see what TikTok says; tried again at {next_try}"
    if code == "105005":
        do = f"give the app the scope in Partner Center, then {again}"
    elif code == "token_key":
        do = f"put the former key into PUBLISHER_TOKEN_KEY, behind the new one and a comma; if it is lost, {again}"
    elif code == "106013":
        who, do = Actor.TOOL, again
    elif code in _IN_SELLER_CENTER:
        who, do = Actor.SELLER_CENTER, f"{_IN_SELLER_CENTER[code]}; tried again at {next_try}"
    return AuthorizationStatus("blocked", why, who, do)


def _cause(value: Any) -> str:
    return f"{value[1]} ({value[0]})"
