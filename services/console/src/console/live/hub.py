"""Tells open pages of a shop what changed. Pages ask for the part again; nothing of the change itself is sent."""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import suppress
from typing import Literal

from console.metrics import STREAMS, STREAMS_OVER

Name = Literal["product", "action", "counts", "run", "list", "ended"]
Change = tuple[Name, str]
"""What changed: a product (its number), an action (its id), the counts, a run of import or sync; or `list`: so many
products that the page had better ask for the whole part. An empty text after `action` or `run`: any of them. `ended`:
the session is over, and the page asks for nothing any more."""

EVERYTHING: tuple[Change, ...] = (("list", ""), ("action", ""), ("run", ""), ("counts", ""))
"""For a page that may have missed something."""

MOST_OF_A_SESSION = 8
"""Windows that one merchant looks at; a page that nobody looks at has no stream."""
_REMEMBERED = 5_000
_MOST_PRODUCTS = 20
_APART_SECONDS = 0.5
_COUNTS_APART_SECONDS = 3.0
_EARLIER_SECONDS = 5.0
_MOST_DIGITS = 18


class Stream:
    """The changes for one open page. What happens faster than it is told is told once."""

    def __init__(self, shop_key: str, session: str, first: tuple[Change, ...], position: Callable[[], str]) -> None:
        self.shop_key = shop_key
        self.session = session
        self._position = position
        self._pending = dict.fromkeys(first)
        self._news = asyncio.Event()
        self._closed = asyncio.Event()
        self.is_one_too_many = False
        self._counted_at = float("-inf")
        if first:
            self._news.set()

    def tell(self, change: Change) -> None:
        """One more change; nothing more after the end."""
        if self._closed.is_set():
            return
        self._pending[change] = None
        if len(self._pending) > _MOST_PRODUCTS:
            self._pending = {one: None for one in self._pending if one[0] != "product"} | {("list", ""): None}
        self._news.set()

    def close(self) -> None:
        """End `changes` after what is pending."""
        self._closed.set()
        self._news.set()

    def make_room(self) -> None:
        """The session has opened newer ones: the page comes back later, and gets what it missed."""
        self.is_one_too_many = True
        self.close()

    def end(self) -> None:
        """The session is over: nothing is told but that."""
        self._pending = {("ended", ""): None}
        self.close()

    async def changes(self) -> AsyncIterator[tuple[Change, str | None]]:
        """As they come, until the stream is closed; with the position after it where nothing more is pending."""
        while True:
            await self._news.wait()
            self._news.clear()
            taken = self._take()
            position = None if self._pending else self._position()
            for number, change in enumerate(taken, 1):
                yield change, position if number == len(taken) else None
            if self._closed.is_set():
                return
            await self._pause()

    def _take(self) -> list[Change]:
        now = asyncio.get_running_loop().time()
        may_count = self._closed.is_set() or now - self._counted_at >= _COUNTS_APART_SECONDS
        taken = [one for one in self._pending if one[0] != "counts" or may_count]
        for one in taken:
            del self._pending[one]
            if one[0] == "counts":
                self._counted_at = now
        if self._pending:
            asyncio.get_running_loop().call_later(_COUNTS_APART_SECONDS, self._news.set)
        return taken

    async def _pause(self) -> None:
        """A moment, or less when the stream is closed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_APART_SECONDS):
                await self._closed.wait()


class Hub:
    """The streams of all shops. A page names the position it was made at, so that nothing in between is missed."""

    def __init__(self) -> None:
        self._streams: dict[str, dict[Stream, None]] = {}
        self._recent: deque[tuple[float, int, str, Change]] = deque(maxlen=_REMEMBERED)
        self._last = 0
        self._closed = False
        self.missed()

    def missed(self) -> None:
        """Something may have happened that nobody told: every page that comes back asks for everything."""
        self._token = secrets.token_hex(4)
        self._recent.clear()
        for stream in self._all():
            for change in EVERYTHING:
                stream.tell(change)

    @property
    def position(self) -> str:
        """Up to here a page that is made now knows everything."""
        return f"{self._token}-{self._last}"

    def earlier(self) -> str:
        """A position of some seconds ago: what changed while a page was made is told to it again."""
        now, position = time.monotonic(), self._last
        for at, number, _, _ in reversed(self._recent):
            if now - at > _EARLIER_SECONDS:
                break
            position = number - 1
        return f"{self._token}-{position}"

    def tell(self, shop_key: str, name: Name, data: str = "") -> None:
        """To every open page of this shop, and of no other one."""
        self._last += 1
        self._recent.append((time.monotonic(), self._last, shop_key, (name, data)))
        for stream in self._streams.get(shop_key, ()):
            stream.tell((name, data))

    def open(self, shop_key: str, session: str, after: str) -> Stream:
        """The changes of this shop since the position, for the session of that digest. Close it with `leave`."""
        stream = Stream(shop_key, session, self._since(shop_key, after), lambda: self.position)
        if self._closed:
            stream.close()
        streams = self._streams.setdefault(shop_key, {})
        of_session = [one for one in streams if one.session == session and not one.is_one_too_many]
        for oldest in of_session[: max(0, len(of_session) + 1 - MOST_OF_A_SESSION)]:
            oldest.make_room()
            STREAMS_OVER.inc()
        streams[stream] = None
        STREAMS.inc()
        return stream

    def leave(self, stream: Stream) -> None:
        """The page is gone."""
        streams = self._streams.get(stream.shop_key, {})
        if stream in streams:
            del streams[stream]
            STREAMS.dec()
        if not streams:
            self._streams.pop(stream.shop_key, None)

    @property
    def sessions(self) -> set[str]:
        """Digests of the sessions that have a stream here."""
        return {one.session for one in self._all()}

    def end(self, sessions: Collection[str]) -> None:
        """These sessions are over: so are their streams."""
        for stream in self._all():
            if stream.session in sessions:
                stream.end()

    def end_all_of(self, shop_key: str) -> None:
        """Every session of this shop is over."""
        for stream in self._streams.get(shop_key, ()):
            stream.end()

    async def aclose(self) -> None:
        """End all streams: the process stops."""
        self._closed = True
        for stream in self._all():
            stream.close()

    def _all(self) -> list[Stream]:
        return [one for streams in self._streams.values() for one in streams]

    def _since(self, shop_key: str, after: str) -> tuple[Change, ...]:
        token, _, text = after.partition("-")
        if token != self._token or not text.isdecimal() or len(text) > _MOST_DIGITS:
            return EVERYTHING
        seen = int(text)
        oldest = self._recent[0][1] if self._recent else self._last + 1
        if seen < oldest - 1:
            return EVERYTHING
        return tuple(change for _, number, shop, change in self._recent if number > seen and shop == shop_key)
