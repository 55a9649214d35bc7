"""Whether a shop is authorised at TikTok Shop, and who has to do what about it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shopsync_readmodel.actors import Actor
from shopsync_readmodel.times import is_ahead, show_time, show_time_ja
from shopsync_readmodel.words import Words

WARN_BEFORE = timedelta(days=30)
_ACTIVATE = Words("activate the shop in Seller Center", "Seller Centerでショップを有効にしてください")
_IN_SELLER_CENTER = {
    "12052700": _ACTIVATE,
    "12019004": _ACTIVATE,
    "12052419": Words(
        "finish the shop's open tasks in Seller Center", "Seller Centerでショップの未完了の手続きを済ませてください"
    ),
}
_STATES = {
    "authorised": "認証済み",
    "ends soon": "まもなく認証が切れます",
    "listings wait": "認証済み（新規出品は待機中）",
    "blocked": "TikTok Shopが受け付けていません",
    "ended": "認証が切れています",
    "not authorised": "未認証",
    "unknown": "確認できません",
}
_OUR_WORDS = {
    "deauthorized": "TikTok Shopの管理画面で連携が解除されました",
    "token_key": "保存されている認証の情報を読み取れません",
}
"""What the publisher says itself; TikTok's words stay as they are."""
_AUTHORISE = "TikTok Shop認証を行ってください"
_CONTACT = "運営担当者にご連絡ください"
_NOTHING = Words("", "")
_UNTIL = Words("until {until}", "{until}まで有効です")
_QUOTA = Words(
    "TikTok's daily number of new listings is used up; creates go on at {resumes}",
    "TikTok Shopの1日の新規出品数の上限に達しました。新規出品は{resumes}に再開します",
)
_PAST = Words("since {until} past its end", "{until}に期限が切れました")
_BEFORE = Words("{again}, before that day", "期限までに{again}")
_WAIT = Words("nothing", "対応は不要です。自動で再開します")
_TRIED_AGAIN = Words("tried again at {next_try}", "{next_try}に自動で再試行します")
_GIVE_SCOPE = Words("give the app the scope in Partner Center, then {again}", f"{_CONTACT}。そのあとで{{again}}")
_PUT_KEY = Words(
    "put the former key into PUBLISHER_TOKEN_KEY, behind the new one and a comma; if it is lost, {again}", _CONTACT
)
_TOLD_OPERATOR = Words("see what TikTok says", _CONTACT)


@dataclass(frozen=True, slots=True)
class AuthorizationStatus:
    """`state`: authorised, ends soon, listings wait, blocked, ended, not authorised, unknown. `who` None: nobody.

    `why_ja` and `do_ja` are for merchants: they name no command of an operator.
    """

    state: str
    why: str = ""
    who: Actor | None = None
    do: str = ""
    why_ja: str = ""
    do_ja: str = ""

    @property
    def line(self) -> str:
        """For a table's cell."""
        return f"{self.state}: {self.why}" if self.why else self.state

    @property
    def state_ja(self) -> str:
        """The state in Japanese."""
        return _STATES[self.state]

    @property
    def is_first_to_come(self) -> bool:
        """Whether the shop was never authorised: nothing else is shown before (LS-1).

        After a consent has ended the list says so product by product (AU-5).
        """
        return self.state == "not authorised"


def consent_until(document: Mapping[str, Any]) -> datetime | None:
    """When the merchant has to have authorised again: TikTok's announcement, else the refresh token's end."""
    ends = [end for end in (document.get("refresh_expires_at"), document.get("expires_at")) if end is not None]
    return min(ends, default=None)


def has_ended(document: Mapping[str, Any], now: datetime) -> bool:
    """Whether this consent counts no more: nothing is sent until the merchant has authorised again (AU-5)."""
    until = consent_until(document)
    return bool(document.get("ended")) or (until is not None and until <= now)


def authorization_status(shop_key: str, document: Mapping[str, Any] | None, now: datetime) -> AuthorizationStatus:
    """From a document of `authorization_states`. Of several troubles the worst."""
    again = Words(f"`shopsync shops authorize {shop_key}`", _AUTHORISE)
    if document is None:
        return _status("not authorised", Actor.TOOL, _NOTHING, again)
    if ended := document.get("ended"):
        return _status("ended", Actor.TOOL, _cause(ended), again)
    if (blocked := document.get("blocked")) and is_ahead(document.get("blocked_until"), now):
        return _blocked(str(blocked[0]), _cause(blocked), again, _moment(document["blocked_until"]))
    until = consent_until(document)
    if until is not None and until - now < WARN_BEFORE:
        why = (_UNTIL if until > now else _PAST).fill(until=_moment(until))
        do = _BEFORE.fill(again=again)
        return _status("ends soon", Actor.TOOL, why, do)
    if is_ahead(document.get("quota_until"), now):
        why = _QUOTA.fill(resumes=_moment(document["quota_until"]))
        return _status("listings wait", Actor.WAIT, why, _WAIT)
    return _status("authorised", None, _NOTHING if until is None else _UNTIL.fill(until=_moment(until)), _NOTHING)


def said_by_tiktok(cause: Sequence[Any]) -> str | None:
    """TikTok's words in a stored code and text; None for what the publisher says itself, which is for operators."""
    return None if str(cause[0]) in _OUR_WORDS else str(cause[1])


def _blocked(code: str, why: Words, again: Words, next_try: Words) -> AuthorizationStatus:
    later = _TRIED_AGAIN.fill(next_try=next_try)
    who, do = Actor.OPERATOR, _both(_TOLD_OPERATOR, later)
    if code == "105005":
        do = _GIVE_SCOPE.fill(again=again)
    elif code == "token_key":
        do = _PUT_KEY.fill(again=again)
    elif code == "106013":
        who, do = Actor.TOOL, again
    elif code in _IN_SELLER_CENTER:
        who, do = Actor.SELLER_CENTER, _both(_IN_SELLER_CENTER[code], later)
    return _status("blocked", who, why, do)


def _status(state: str, who: Actor | None, why: Words, do: Words) -> AuthorizationStatus:
    return AuthorizationStatus(state, why.english, who, do.english, why.japanese, do.japanese)


def _both(first: Words, then: Words) -> Words:
    return Words(f"{first.english}; {then.english}", f"{first.japanese}。{then.japanese}")


def _moment(at: datetime) -> Words:
    return Words(show_time(at), show_time_ja(at))


def _cause(value: Any) -> Words:
    code, text = str(value[0]), str(value[1])
    return Words(f"{text} ({code})", _OUR_WORDS.get(code, f"{text} ({code})"))
