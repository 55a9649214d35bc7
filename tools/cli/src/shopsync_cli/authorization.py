"""Where a shop stands with TikTok Shop, and who has to do what about it. Pure; reads what the publisher recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shopsync_cli.causes import Actor
from shopsync_cli.console import show

WARN_BEFORE = timedelta(days=30)
_IN_SELLER_CENTER = {
    "12052700": "activate the shop in Seller Center",
    "12019004": "activate the shop in Seller Center",
    "12052419": "finish the shop's open tasks in Seller Center",
}


@dataclass(frozen=True, slots=True)
class Standing:
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


def standing(shop_key: str, document: Mapping[str, Any] | None, now: datetime) -> Standing:
    """From a document of `authorization_states`; the worst first."""
    again = f"`shopsync shops authorize {shop_key}`"
    if document is None:
        return Standing("not authorised", "", Actor.TOOL, again)
    if ended := document.get("ended"):
        return Standing("ended", _cause(ended), Actor.TOOL, again)
    if (blocked := document.get("blocked")) and _is_ahead(document.get("blocked_until"), now):
        return _blocked(str(blocked[0]), _cause(blocked), again, show(document["blocked_until"]))
    until = consent_until(document)
    if until is not None and until - now < WARN_BEFORE:
        why = f"until {show(until)}" if until > now else f"since {show(until)} past its end"
        return Standing("ends soon", why, Actor.TOOL, f"{again}, before that day")
    if _is_ahead(document.get("quota_until"), now):
        why = f"TikTok's daily number of new listings is used up; creates go on at {show(document['quota_until'])}"
        return Standing("listings wait", why, Actor.WAIT, "nothing")
    return Standing("authorised", "" if until is None else f"until {show(until)}")


def _blocked(code: str, why: str, again: str, next_try: str) -> Standing:
    if code == "105005":
        return Standing("blocked", why, Actor.OPERATOR, f"give the app the scope in Partner Center, then {again}")
    if code == "token_key":
        do = f"put the former key into PUBLISHER_TOKEN_KEY, behind the new one and a comma; if it is lost, {again}"
        return Standing("blocked", why, Actor.OPERATOR, do)
    if code == "106013":
        return Standing("blocked", why, Actor.TOOL, again)
    if code in _IN_SELLER_CENTER:
        return Standing("blocked", why, Actor.SELLER_CENTER, f"{_IN_SELLER_CENTER[code]}; tried again at {next_try}")
    return Standing("blocked", why, Actor.OPERATOR, f"see what TikTok says; tried again at {next_try}")


def _cause(value: Any) -> str:
    return f"{value[1]} ({value[0]})"


def _is_ahead(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment > now
