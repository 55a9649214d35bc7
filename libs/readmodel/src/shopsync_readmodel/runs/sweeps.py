"""Sweeps as the janitor stores them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shopsync_readmodel.runs.collections import find, find_of_shop, newest, page_of_shop
from shopsync_runtime.mongo import Database, Document


@dataclass(frozen=True, slots=True)
class Sweep:
    """One sweep. `not_before`: when its next try begins.

    `verdicts`, product number and verdict, are left out of a list of sweeps. `document`: all members, as stored.
    """

    id: str
    shop_key: str
    state: str
    dry_run: bool
    request_id: str
    requested_at: datetime
    not_before: datetime | None
    attempt: int
    enumeration_id: str | None
    enumeration_completed_at: datetime | None
    completed_at: datetime | None
    counts: Mapping[str, int]
    left_over: int
    refused_because: str | None
    verdicts: tuple[tuple[str, str], ...]
    document: Document


async def newest_sweeps(database: Database, shop_key: str | None, limit: int) -> list[Sweep]:
    """The newest first, of one shop or of all."""
    return [_sweep(one) for one in await newest(database, "sweeps", shop_key, limit)]


async def read_sweeps(
    database: Database, shop_key: str, limit: int, after: str | None
) -> tuple[list[Sweep], str | None]:
    """A page of one shop's, newest first, and the cursor of the next one. Raises WrongCursor."""
    found, following = await page_of_shop(database, "sweeps", shop_key, limit, after)
    return [_sweep(one) for one in found], following


async def read_sweep(database: Database, shop_key: str, sweep_id: str) -> Sweep:
    """One of this shop's, by its id. Raises NoRun."""
    return _sweep(await find_of_shop(database, "sweeps", shop_key, sweep_id))


async def find_sweep(database: Database, wanted: str) -> Sweep:
    """By its id, the beginning of its id, or the id of its request. Raises NoRun."""
    return _sweep(await find(database, "sweeps", wanted))


def _sweep(document: Document) -> Sweep:
    return Sweep(
        id=document["_id"],
        shop_key=document["shop_key"],
        state=document["state"],
        dry_run=bool(document.get("dry_run")),
        request_id=document["request_id"],
        requested_at=document["requested_at"],
        not_before=document.get("not_before"),
        attempt=document.get("attempt", 1),
        enumeration_id=document["enumeration_id"],
        enumeration_completed_at=document["enumeration_completed_at"],
        completed_at=document["completed_at"],
        counts=document.get("counts") or {},
        left_over=document.get("left_over") or 0,
        refused_because=document.get("refused_because"),
        verdicts=tuple((one["product_no"], one["verdict"]) for one in document.get("verdicts") or ()),
        document=document,
    )
