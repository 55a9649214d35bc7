"""What the publisher keeps about a shop beside its jobs, and what of it holds the shop's pushes up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from shopsync_readmodel.permitted import optional_by_id
from shopsync_readmodel.shops.pauses import Pause, pause_of
from shopsync_readmodel.times import is_ahead, show_time, show_time_ja
from shopsync_readmodel.words import Words
from shopsync_runtime.mongo import Database, Document

_PAUSED = "運営担当者が{since}から商品の送信を一時停止しています。再開すると自動で送信されます"
_SLOW_DOWN = Words(
    "TikTok asked to slow down: no call until {until}",
    "TikTok Shopから送信を控えるよう求められているため、{until}まで待機しています",
)
_NO_ANSWER = Words(
    "TikTok does not answer: one call tries at {at}", "TikTok Shopが応答していません。{at}に自動で再試行します"
)


@dataclass(frozen=True, slots=True)
class ShopConditions:
    """Documents of `push_pauses`, `paces` and `authorization_states` by shop key."""

    pauses: Mapping[str, Document]
    paces: Mapping[str, Document]
    consents: Mapping[str, Document]

    def pause(self, shop_key: str) -> Pause | None:
        """The operator's pause, while it lasts."""
        return pause_of(self.pauses.get(shop_key))

    def holdups(self, shop_key: str, now: datetime) -> Iterator[str]:
        """What keeps every push of the shop from being sent now, the strongest first."""
        if (pause := self.pause(shop_key)) is not None:
            yield pause.line
        consent = self.consents.get(shop_key, {})
        if consent.get("ended"):
            yield f"authorisation ended: {_cause(consent['ended'])}"
        if consent.get("blocked") and is_ahead(consent.get("blocked_until"), now):
            yield f"blocked until {show_time(consent['blocked_until'])}: {_cause(consent['blocked'])}"
        yield from (words.english for words in self._pace(shop_key, now))

    def passing(self, shop_key: str, now: datetime) -> Iterator[Words]:
        """Of these what needs nothing from the merchant and is no matter of the authorisation."""
        if (pause := self.pause(shop_key)) is not None:
            yield Words(pause.line, _PAUSED.format(since=show_time_ja(pause.since)))
        yield from self._pace(shop_key, now)

    def _pace(self, shop_key: str, now: datetime) -> Iterator[Words]:
        pace = self.paces.get(shop_key, {})
        if is_ahead(pace.get("paused_until"), now):
            yield _SLOW_DOWN.fill(until=_moment(pace["paused_until"]))
        if pace.get("open_until") is not None:
            yield _NO_ANSWER.fill(at=_moment(pace["open_until"]))

    def quota(self, shop_key: str, now: datetime) -> str | None:
        """Whether the shop's new listings wait for TikTok's next day."""
        until = self.quota_until(shop_key)
        if not is_ahead(until, now):
            return None
        return f"TikTok's daily number of new listings is used up until {show_time(until)}"

    def quota_until(self, shop_key: str) -> datetime | None:
        """Up to when TikTok takes no new listing of the shop."""
        return self.consents.get(shop_key, {}).get("quota_until")


def _cause(value: list[str]) -> str:
    return f"{value[1]} ({value[0]})"


def _moment(at: datetime) -> Words:
    return Words(show_time(at), show_time_ja(at))


async def read_conditions(database: Database, shop_key: str | None = None) -> ShopConditions:
    """Of all shops, or of one. What the user may not read counts as absent."""
    names = ("push_pauses", "paces", "authorization_states")
    pauses, paces, consents = [await optional_by_id(database, name, shop_key) for name in names]
    return ShopConditions(pauses, paces, consents)
