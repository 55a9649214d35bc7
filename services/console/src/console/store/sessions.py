"""`sessions` in MongoDB: who is logged in. The cookie's value is not stored, only its digest."""

import hashlib
import secrets
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from console.model import Session
from shopsync_runtime.mongo import Database, Document

_TOKEN_BYTES = 32
_RENEW_SHARE = 0.1
"""A session's end is moved after this share of its idle time: not every request writes."""


def digest_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def draft_id(digest: str, name: str) -> str:
    """Of a draft of this session."""
    return f"draft:{digest}:{name}"


def drafts_of(digest: str) -> Document:
    """The query for all drafts of this session."""
    return {"_id": {"$gt": draft_id(digest, ""), "$lt": f"draft:{digest};"}}


class Sessions:
    """Sessions, each ending after idleness or at the end of its lifetime. MongoDB removes ended ones."""

    def __init__(
        self, database: Database, *, idle: timedelta, lifetime: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self._sessions = database["sessions"]
        self._idle = idle
        self._lifetime = lifetime
        self._clock = clock
        self._when_ended: Callable[[str], None] = _nobody
        self._when_all_ended: Callable[[str], None] = _nobody

    def on_end(self, *, one: Callable[[str], None], all_of: Callable[[str], None]) -> None:
        """Tell of every session that ends here by its digest, or of the shop whose sessions all end."""
        self._when_ended, self._when_all_ended = one, all_of

    async def ensure_indexes(self) -> None:
        """Create missing indexes: removal of ended sessions, and all of a shop."""
        await self._sessions.create_index("expires_at", expireAfterSeconds=0)
        await self._sessions.create_index("shop_key")

    async def begin(self, shop_key: str, email: str) -> Session:
        """A new session with a token of its own: one from before the log-in is never raised to it."""
        now = self._clock()
        session = Session(secrets.token_urlsafe(_TOKEN_BYTES), shop_key, email, now, now + self._idle)
        await self._sessions.insert_one(
            {
                "_id": digest_of(session.token),
                "shop_key": shop_key,
                "email": email,
                "began_at": now,
                "expires_at": session.expires_at,
            }
        )
        return session

    async def get(self, token: str) -> Session | None:
        """The session of this cookie; None when there is none, or it has ended."""
        found = await self._sessions.find_one({"_id": digest_of(token)})
        now = self._clock()
        if found is None or not self._counts(found, now):
            return None
        expires_at = min(now + self._idle, found["began_at"] + self._lifetime)
        if expires_at - found["expires_at"] > self._idle * _RENEW_SHARE:
            await self._sessions.update_one({"_id": found["_id"]}, {"$set": {"expires_at": expires_at}})
        return Session(token, found["shop_key"], found["email"], found["began_at"], expires_at)

    async def ended(self, digests: Collection[str]) -> set[str]:
        """Which of these sessions are over, wherever they were ended: one query."""
        now, fields = self._clock(), {"shop_key": 1, "began_at": 1, "expires_at": 1}
        found = self._sessions.find({"_id": {"$in": list(digests)}}, fields)
        return set(digests) - {one["_id"] async for one in found if self._counts(one, now)}

    async def end(self, token: str) -> None:
        """Log out. What was entered and not sent goes too."""
        await self._sessions.delete_many({"$or": [{"_id": digest_of(token)}, drafts_of(digest_of(token))]})
        self._when_ended(digest_of(token))

    async def end_all_of(self, shop_key: str) -> None:
        """Log out everywhere, as after a new password. No browser is known any more, and no draft is left."""
        await self._sessions.delete_many({"shop_key": shop_key})
        self._when_all_ended(shop_key)

    def _counts(self, found: Document, now: datetime) -> bool:
        """Whether it is a session, and not over. The lifetime may be shorter now than when it began."""
        return "shop_key" in found and now < min(found["expires_at"], found["began_at"] + self._lifetime)


def _nobody(_ended: str) -> None:
    """Nobody wants to know."""
