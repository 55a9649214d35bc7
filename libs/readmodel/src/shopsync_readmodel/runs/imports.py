"""Imports as the ingestor stores them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shopsync_readmodel.permitted import if_allowed
from shopsync_readmodel.runs.collections import find, find_of_shop, newest, page_of_shop
from shopsync_runtime.mongo import Database, Document


@dataclass(frozen=True, slots=True)
class ImportFailure:
    """Why an import ended early."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Import:
    """One import. `since` and `until`: the update times it reads; both None: the complete listing.

    `page`, `doubts` and `refused` are left out of a list of imports. `document`: all members, as stored.
    """

    id: str
    shop_key: str
    mode: str
    state: str
    request_id: str
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    since: datetime | None
    until: datetime | None
    page: int | None
    counts: Mapping[str, int]
    present_before: int | None
    proven: bool
    unproven_because: str | None
    held_back: bool
    confirm_shrink_of: str | None
    answered_by: str | None
    failure: ImportFailure | None
    doubts: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    document: Document


async def newest_imports(database: Database, shop_key: str | None, limit: int) -> list[Import]:
    """The newest first, of one shop or of all."""
    return [_import(one) for one in await newest(database, "imports", shop_key, limit)]


async def read_imports(
    database: Database, shop_key: str, limit: int, after: str | None
) -> tuple[list[Import], str | None]:
    """A page of one shop's, newest first, and the cursor of the next one. Raises WrongCursor."""
    found, following = await page_of_shop(database, "imports", shop_key, limit, after)
    return [_import(one) for one in found], following


async def read_import(database: Database, shop_key: str, import_id: str) -> Import:
    """One of this shop's, by its id. Raises NoRun."""
    return _import(await find_of_shop(database, "imports", shop_key, import_id))


async def find_import(database: Database, wanted: str) -> Import:
    """By its id, the beginning of its id, or the id of its request. Raises NoRun."""
    return _import(await find(database, "imports", wanted))


async def last_import(database: Database, shop_key: str) -> tuple[str, datetime] | None:
    """Mode and end of the newest import that brought values; None when there is none, or it may not be read."""
    brought = {"shop_key": shop_key, "finished": True, "failure": None, "mode": {"$ne": "enumerate"}}
    found = database["imports"].find_one(brought, {"mode": 1, "ended_at": 1}, sort=[("ended_at", -1)])
    document = await if_allowed(found)
    return None if document is None or not document.get("ended_at") else (document["mode"], document["ended_at"])


def _import(document: Document) -> Import:
    interval, failure = document.get("interval") or {}, document.get("failure")
    return Import(
        id=document["_id"],
        shop_key=document["shop_key"],
        mode=document["mode"],
        state=document["state"],
        request_id=document["request_id"],
        requested_at=document["requested_at"],
        started_at=document.get("started_at"),
        ended_at=document.get("ended_at"),
        since=interval.get("since"),
        until=interval.get("until"),
        page=(document.get("position") or {}).get("page"),
        counts=document["counts"],
        present_before=document.get("present_before"),
        proven=bool(document.get("proven")),
        unproven_because=document.get("unproven_because"),
        held_back=bool(document.get("held_back")),
        confirm_shrink_of=document.get("confirm_shrink_of"),
        answered_by=document.get("answered_by"),
        failure=None if not failure else ImportFailure(failure["code"], failure["message"]),
        doubts=tuple(document.get("doubts") or ()),
        refused=tuple((one["product_no"], one["reason"]) for one in document.get("refused") or ()),
        document=document,
    )
