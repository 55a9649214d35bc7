"""Failed log-ins, counted in `sessions`: documents that end by themselves, the same for every replica.

A log-in is counted before the password is looked at, so that many at once are not more than allowed. It is counted by
the client's address and by the e-mail, known or not. A browser that has logged in before is counted by itself: who
knows a merchant's e-mail cannot keep that browser out.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pymongo import ReturnDocument

from shopsync_runtime.mongo import Database

DEVICE_LIFETIME = timedelta(days=180)
_TOKEN_BYTES = 32
_SHORTEST_WAIT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted log-in. `wait` None: it may be tried; else how long it has to wait.

    `own` is the counter that a success clears; `site` that of the address, None for a known browser.
    """

    own: str
    site: str | None
    wait: timedelta | None = None


class LoginThrottle:
    """After `failures` failed log-ins further ones wait until `wait` after the first of them, and no longer."""

    def __init__(self, database: Database, *, failures: int, wait: timedelta, clock: Callable[[], datetime]) -> None:
        self._counters = database["sessions"]
        self._failures = failures
        self._wait = wait
        self._clock = clock

    async def begin(self, email: str, site: str, device: str) -> Attempt:
        """Count a log-in. The address comes first: whoever has to wait by it leaves no counters of e-mails behind.

        The wait is the longest of all: after it the log-in is tried.
        """
        if await self._is_known(device, email):
            attempt, counters = Attempt(_id("login-device", device), None), [_id("login-device", device)]
        else:
            counters = [_id("login-site", site), _account(email)]
            attempt = Attempt(counters[1], counters[0])
        for counter in counters:
            if await self._count(counter):
                return replace(attempt, wait=await self._longest(counters))
        return attempt

    async def succeeded(self, attempt: Attempt) -> None:
        """It was no failure: the account's count ends. That of the address only loses this one."""
        await self._counters.delete_one({"_id": attempt.own})
        if attempt.site is not None:
            await self._counters.update_one({"_id": attempt.site, "failures": {"$gt": 0}}, {"$inc": {"failures": -1}})

    async def forget(self, email: str) -> None:
        """The account has a new password: what failed before counts no more."""
        await self._counters.delete_one({"_id": _account(email)})

    async def remember(self, email: str, shop_key: str, device: str) -> str:
        """The token of a browser that has logged in; the same one while it counts for this e-mail."""
        if not await self._is_known(device, email):
            device = secrets.token_urlsafe(_TOKEN_BYTES)
        changes = {"of": _account(email), "shop_key": shop_key, "expires_at": self._clock() + DEVICE_LIFETIME}
        await self._counters.update_one({"_id": _id("device", device)}, {"$set": changes}, upsert=True)
        return device

    async def _is_known(self, device: str, email: str) -> bool:
        if not device:
            return False
        known = {"_id": _id("device", device), "of": _account(email), "expires_at": {"$gt": self._clock()}}
        return await self._counters.find_one(known, {"_id": 1}) is not None

    async def _longest(self, counters: Sequence[str]) -> timedelta:
        """How long until none of these keeps the next log-in waiting."""
        full = {"_id": {"$in": counters}, "failures": {"$gte": self._failures}}
        ends: list[datetime] = [one["expires_at"] async for one in self._counters.find(full, {"expires_at": 1})]
        return max([_SHORTEST_WAIT, *(one - self._clock() for one in ends)])

    async def _count(self, counter: str) -> bool:
        """One more; whether that is too many. One write, so that no two read the same count."""
        now = self._clock()
        goes_on = {"$gt": ["$expires_at", now]}
        found = await self._counters.find_one_and_update(
            {"_id": counter},
            [
                {
                    "$set": {
                        "failures": {"$cond": [goes_on, {"$add": ["$failures", 1]}, 1]},
                        "expires_at": {"$cond": [goes_on, "$expires_at", now + self._wait]},
                    }
                }
            ],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return found is not None and found["failures"] > self._failures


def _account(email: str) -> str:
    return _id("login-account", email.strip().lower())


def _id(kind: str, value: str) -> str:
    """Neither e-mails nor addresses are stored."""
    return f"{kind}:{hashlib.sha256(value.encode()).hexdigest()}"
