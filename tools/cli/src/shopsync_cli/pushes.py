"""The publisher's work as it stands: the pushes to be done, why they wait, and how fast each shop is called."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shopsync_cli.console import show
from shopsync_cli.optional_reading import optional_by_id
from shopsync_cli.publisher_records import PARKED_BEYOND, PushState
from shopsync_runtime.mongo import Database, Document
from shopsync_runtime.wording import counted

_STATES = [state.value for state in PushState]


@dataclass(frozen=True, slots=True)
class Pause:
    """An operator lets the shop's pushes wait."""

    since: datetime | None
    reason: str
    source: str

    @property
    def line(self) -> str:
        """`paused since … by /shopsync/ops: prices are corrected`."""
        return f"paused since {show(self.since)} by {self.source}{f': {self.reason}' if self.reason else ''}"


@dataclass(frozen=True, slots=True)
class ShopPushes:
    """One shop's pushes by state, and what holds them up; times are aware.

    `rate`: calls per second that the publisher last used, at `rate_at`; `learned`: the rate that TikTok's limits taught
    it, None while it calls as fast as its setting says.
    """

    shop_key: str
    counts: Mapping[str, int]
    due_since: datetime | None
    next_due_at: datetime | None
    pause: Pause | None
    holdups: tuple[str, ...]
    rate: float | None
    rate_at: datetime | None
    learned: float | None

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Push:
    """One push to be done. `until`: when it is looked at again; None: when its turn comes, or never by itself."""

    shop_key: str
    product_no: str
    state: str
    why: str
    until: datetime | None
    attempts: int
    reason: str | None
    requested_at: datetime | None
    worker: str | None


@dataclass(frozen=True, slots=True)
class Around:
    """What the publisher keeps about shops beside their jobs, by shop key."""

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
        consent, pace = self.consents.get(shop_key, {}), self.paces.get(shop_key, {})
        if consent.get("ended"):
            yield f"authorisation ended: {consent['ended'][1]} ({consent['ended'][0]})"
        if consent.get("blocked") and _ahead(consent.get("blocked_until"), now):
            yield f"blocked until {show(consent['blocked_until'])}: {consent['blocked'][1]} ({consent['blocked'][0]})"
        if _ahead(pace.get("paused_until"), now):
            yield f"TikTok asked to slow down: no call until {show(pace['paused_until'])}"
        if pace.get("open_until") is not None:
            yield f"TikTok does not answer: one call tries at {show(pace['open_until'])}"

    def quota(self, shop_key: str, now: datetime) -> str | None:
        """Whether the shop's new listings wait for TikTok's next day."""
        until = self.consents.get(shop_key, {}).get("quota_until")
        return f"TikTok's daily number of new listings is used up until {show(until)}" if _ahead(until, now) else None


def pause_of(document: Mapping[str, Any] | None) -> Pause | None:
    """From a document of `push_pauses`; None when the shop is not paused."""
    if document is None or not document.get("paused"):
        return None
    return Pause(document.get("set_at"), str(document.get("reason") or ""), str(document.get("source") or "?"))


async def read_around(database: Database, shop_key: str | None = None) -> Around:
    """Of all shops, or of one. What the user may not read is taken as nothing."""
    names = ("push_pauses", "paces", "authorization_states")
    pauses, paces, consents = [await optional_by_id(database, name, shop_key) for name in names]
    return Around(pauses, paces, consents)


async def read_shops(database: Database, shop_key: str | None, now: datetime) -> list[ShopPushes]:
    """Every shop that has pushes to be done, is paused or has been called."""
    around = await read_around(database, shop_key)
    chosen: Document = {} if shop_key is None else {"shop_key": shop_key}
    counted: dict[str, dict[str, Document]] = {}
    async for row in await database["push_jobs"].aggregate([{"$match": chosen}, _group(now)]):
        counted.setdefault(row["_id"]["shop"], {})[row["_id"]["state"]] = row
    known = {*counted, *around.paces, *(one for one in around.pauses if around.pause(one) is not None)}
    return [_shop(one, counted.get(one, {}), around, now) for one in sorted(known)]


def _shop(shop_key: str, rows: Mapping[str, Document], around: Around, now: datetime) -> ShopPushes:
    pace, quota = around.paces.get(shop_key, {}), around.quota(shop_key, now)
    learned = (pace.get("learned") or {}).get("low")
    return ShopPushes(
        shop_key=shop_key,
        counts={state: rows[state]["count"] if state in rows else 0 for state in _STATES},
        due_since=rows["due"]["first"] if "due" in rows else None,
        next_due_at=rows["waiting"]["first"] if "waiting" in rows else None,
        pause=around.pause(shop_key),
        holdups=(*around.holdups(shop_key, now), *([] if quota is None else [quota])),
        rate=pace.get("rate"),
        rate_at=pace.get("asked_at"),
        learned=learned,
    )


async def read_pushes(
    database: Database, shop_key: str | None, state: PushState | None, limit: int, now: datetime
) -> tuple[list[Push], int]:
    """The pushes that come first, and how many there are in all."""
    around = await read_around(database, shop_key)
    chosen: Document = {} if shop_key is None else {"shop_key": shop_key}
    pipeline: list[Document] = [{"$match": chosen}, {"$set": {"state": _state(now)}}]
    pipeline += [] if state is None else [{"$match": {"state": state.value}}]
    number: Document = {"$indexOfArray": [_STATES, "$state"]}
    sorting: list[Document] = [
        {"$set": {"order": number}},
        {"$sort": {"order": 1, "due_at": 1, "_id": 1}},
        {"$limit": limit},
    ]
    found = await (await database["push_jobs"].aggregate([*pipeline, *sorting])).to_list()
    counted = await (await database["push_jobs"].aggregate([*pipeline, {"$count": "all"}])).to_list()
    return [push_of(one, around, now) for one in found], counted[0]["all"] if counted else 0


def push_of(job: Mapping[str, Any], around: Around, now: datetime) -> Push:
    """One job with the reason why it is not done yet."""
    state, until = str(job["state"]), job.get("due_at")
    holdup = next(around.holdups(job["shop_key"], now), None)
    if state == PushState.RUNNING:
        why, until = "in work; its worker's lease lasts", job.get("lease_until")
    elif state == PushState.PARKED:
        why, until = f"{_told(job)}: a new sync or a new authorisation wakes it", None
    elif state == PushState.DUE:
        why, until = holdup or f"due since {show(until)}, waits for its turn", None
    else:
        why = _waits_for(job, around, now)
    return Push(
        shop_key=job["shop_key"],
        product_no=job["product_no"],
        state=state,
        why=why,
        until=until,
        attempts=int(job.get("attempts") or 0),
        reason=job.get("reason"),
        requested_at=job.get("requested_at"),
        worker=str(job["owner"]).rpartition("/")[0] or str(job["owner"]) if state == PushState.RUNNING else None,
    )


def _waits_for(job: Mapping[str, Any], around: Around, now: datetime) -> str:
    quota = around.consents.get(job["shop_key"], {}).get("quota_until")
    if job.get("reported"):
        return _told(job)
    if _ahead(quota, now) and job.get("due_at") == quota:
        return "TikTok's daily number of new listings is used up"
    if job.get("waits"):
        return f"TikTok's rate, {counted(job['waits'], 'wait')} so far"
    if job.get("attempts"):
        return f"{counted(job['attempts'], 'failed attempt')}, the next one comes by itself"
    return next(around.holdups(job["shop_key"], now), None) or "its shop cannot be called before"


def _told(job: Mapping[str, Any]) -> str:
    return f"the shop's trouble {job['reported']}, which was reported" if job.get("reported") else "without an end"


def _ahead(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment > now


def _state(now: datetime) -> Document:
    """As `PushJob.state` tells it."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    running = {"$and": [{"$gt": ["$lease_until", now]}, {"$gt": ["$owner", ""]}]}
    return {
        "$switch": {
            "branches": [
                {"case": running, "then": PushState.RUNNING.value},
                {"case": {"$lte": [{"$ifNull": ["$due_at", epoch]}, now]}, "then": PushState.DUE.value},
                {"case": {"$gt": ["$due_at", now + PARKED_BEYOND]}, "then": PushState.PARKED.value},
            ],
            "default": PushState.WAITING.value,
        }
    }


def _group(now: datetime) -> Document:
    by = {"shop": "$shop_key", "state": _state(now)}
    return {"$group": {"_id": by, "count": {"$sum": 1}, "first": {"$min": "$due_at"}}}


def lasting(span: timedelta) -> str:
    """`42 s`, `3 min`, `2 h`, `5 d`: how long ago, roughly."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
