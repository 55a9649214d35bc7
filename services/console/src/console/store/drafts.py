"""Drafts in `sessions`: what stands in a form that was not sent, for the page that shows it under its own address.

A draft is of one session and one page: nobody else's address finds it. It ends with its session, or after some hours.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from console.model import Session
from console.store.sessions import digest_of, draft_id, drafts_of
from shopsync_runtime.mongo import Database

KEPT: Final = 20
"""The newest ones of a session. None is larger than a form, of which the guard takes four megabytes."""
KEPT_FOR: Final = timedelta(hours=12)
_NAME_BYTES = 16


class Drafts:
    """By name, which stands in the page's address."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._drafts = database["sessions"]
        self._clock = clock

    async def keep(self, session: Session, page: str, text: str) -> str:
        """A new one; the name under which it is found."""
        digest, name, now = digest_of(session.token), secrets.token_urlsafe(_NAME_BYTES), self._clock()
        await self._drafts.insert_one(
            {
                "_id": draft_id(digest, name),
                "shop_key": session.shop_key,
                "page": page,
                "draft": text,
                "kept_at": now,
                "expires_at": now + KEPT_FOR,
            }
        )
        older = self._drafts.find(drafts_of(digest), {"_id": 1}).sort("kept_at", -1).skip(KEPT)
        if ids := [one["_id"] async for one in older]:
            await self._drafts.delete_many({"_id": {"$in": ids}})
        return name

    async def change(self, session: Session, page: str, name: str, text: str) -> bool:
        """What it holds now. False, and nothing, where there is none of that name."""
        which = {"_id": draft_id(digest_of(session.token), name), "page": page}
        return (await self._drafts.update_one(which, {"$set": {"draft": text}})).matched_count > 0

    async def get(self, session: Session, page: str, name: str) -> str | None:
        """None for one that was never there, or is no more."""
        which = {"_id": draft_id(digest_of(session.token), name), "page": page, "expires_at": {"$gt": self._clock()}}
        found = await self._drafts.find_one(which, {"draft": 1})
        return None if found is None else str(found["draft"])
