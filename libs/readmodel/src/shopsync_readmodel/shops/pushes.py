"""The pushes to be done: how many per shop and state, why each waits, and how fast each shop is called."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from shopsync_readmodel.shops.conditions import ShopConditions, read_conditions
from shopsync_readmodel.shops.pauses import Pause
from shopsync_readmodel.stored.push_jobs import PARKED_BEYOND, PushState
from shopsync_readmodel.times import is_ahead, show_time
from shopsync_runtime.mongo import Database, Document
from shopsync_runtime.wording import counted

_STATES = [state.value for state in PushState]


@dataclass(frozen=True, slots=True)
class ShopPushes:
    """One shop's pushes by state, and what holds them up.

    `rate`: calls per second that the publisher last used, at `rate_at`. `learned`: the rate that TikTok's limits taught
    it; None while it calls as fast as its setting says.
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
    """One push to be done.

    `until`: when it is tried again; None: as soon as its turn comes, or only after a new sync or authorisation.
    """

    shop_key: str
    product_no: str
    state: str
    why: str
    until: datetime | None
    attempts: int
    reason: str | None
    requested_at: datetime | None
    worker: str | None


async def read_shop_pushes(database: Database, shop_key: str | None, now: datetime) -> list[ShopPushes]:
    """Every shop that has pushes to be done, is paused or has been called."""
    conditions = await read_conditions(database, shop_key)
    chosen: Document = {} if shop_key is None else {"shop_key": shop_key}
    groups: dict[str, dict[str, Document]] = {}
    async for row in await database["push_jobs"].aggregate([{"$match": chosen}, _group(now)]):
        groups.setdefault(row["_id"]["shop"], {})[row["_id"]["state"]] = row
    known = {*groups, *conditions.paces, *(one for one in conditions.pauses if conditions.pause(one) is not None)}
    return [_shop(one, groups.get(one, {}), conditions, now) for one in sorted(known)]


def _shop(shop_key: str, rows: Mapping[str, Document], conditions: ShopConditions, now: datetime) -> ShopPushes:
    pace, quota = conditions.paces.get(shop_key, {}), conditions.quota(shop_key, now)
    return ShopPushes(
        shop_key=shop_key,
        counts={state: rows[state]["count"] if state in rows else 0 for state in _STATES},
        due_since=rows["due"]["first"] if "due" in rows else None,
        next_due_at=rows["waiting"]["first"] if "waiting" in rows else None,
        pause=conditions.pause(shop_key),
        holdups=(*conditions.holdups(shop_key, now), *([] if quota is None else [quota])),
        rate=pace.get("rate"),
        rate_at=pace.get("asked_at"),
        learned=(pace.get("learned") or {}).get("low"),
    )


async def read_pushes(
    database: Database, shop_key: str | None, state: PushState | None, limit: int, now: datetime
) -> tuple[list[Push], int]:
    """The pushes that come first, and how many there are in all."""
    conditions = await read_conditions(database, shop_key)
    chosen: Document = {} if shop_key is None else {"shop_key": shop_key}
    pipeline: list[Document] = [{"$match": chosen}, {"$set": {"state": _state(now)}}]
    pipeline += [] if state is None else [{"$match": {"state": state.value}}]
    order: list[Document] = [
        {"$set": {"order": {"$indexOfArray": [_STATES, "$state"]}}},
        {"$sort": {"order": 1, "due_at": 1, "_id": 1}},
        {"$limit": limit},
    ]
    found = await (await database["push_jobs"].aggregate([*pipeline, *order])).to_list()
    count = await (await database["push_jobs"].aggregate([*pipeline, {"$count": "all"}])).to_list()
    return [push_of(one, conditions, now) for one in found], count[0]["all"] if count else 0


def push_of(job: Mapping[str, Any], conditions: ShopConditions, now: datetime) -> Push:
    """One job with the reason why it is not done yet."""
    state, until = str(job["state"]), job.get("due_at")
    holdup = next(conditions.holdups(job["shop_key"], now), None)
    if state == PushState.RUNNING:
        why, until = "in work; its worker's lease lasts", job.get("lease_until")
    elif state == PushState.PARKED:
        why, until = f"{_reported(job)}: a new sync or a new authorisation wakes it", None
    elif state == PushState.DUE:
        why, until = holdup or f"due since {show_time(until)}, waits for its turn", None
    else:
        why = _waits_for(job, conditions, now)
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


def _waits_for(job: Mapping[str, Any], conditions: ShopConditions, now: datetime) -> str:
    quota = conditions.quota_until(job["shop_key"])
    if job.get("reported"):
        return _reported(job)
    if is_ahead(quota, now) and job.get("due_at") == quota:
        return "TikTok's daily number of new listings is used up"
    if job.get("waits"):
        return f"TikTok's rate, {counted(job['waits'], 'wait')} so far"
    if job.get("attempts"):
        return f"{counted(job['attempts'], 'failed attempt')}, the next one comes by itself"
    return next(conditions.holdups(job["shop_key"], now), None) or "its shop cannot be called before"


def _reported(job: Mapping[str, Any]) -> str:
    return f"the shop's trouble {job['reported']}, which was reported" if job.get("reported") else "without an end"


def _state(now: datetime) -> Document:
    """`PushJob.state` as an expression of MongoDB."""
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
