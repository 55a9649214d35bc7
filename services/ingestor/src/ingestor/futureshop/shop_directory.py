"""The present shops. The shops file is read periodically, so that a change needs no restart."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog

from ingestor import metrics
from ingestor.errors import UnknownShop
from ingestor.futureshop.client import Page, Search
from ingestor.futureshop.searches import ReadPage
from ingestor.futureshop.shops import ShopAccess, ShopsFile
from shopsync_runtime import SettingsError
from shopsync_runtime.wording import counted

log = structlog.get_logger(__name__)

_SECOND_LOOK = timedelta(seconds=1)
_REMIND_EVERY = timedelta(minutes=10)

Content = dict[str, ShopAccess] | str
"""Content of the file: the shops, or why it is invalid."""


class ShopDirectory:
    """The shops and a reader for each. While the file is invalid, the previous shops stay in use.

    A change takes effect when two readings in a row agree, so a file that is being written or a mount that is being
    switched is neither an error nor a removal. The content is compared, including the files and variables that it
    names, so it does not matter how the file was replaced.
    """

    def __init__(self, file: ShopsFile, connect: Callable[[ShopAccess], ReadPage], *, every: timedelta) -> None:
        """Read the file. Raises SettingsError when it is invalid, since there are no previous shops."""
        self._file = file
        self._connect = connect
        self._every = every
        self._accesses: Mapping[str, ShopAccess] = {}
        self._readers: dict[str, ReadPage] = {}
        self._candidate: Content | None = None
        self._problem: str | None = None
        self._unlogged_for = timedelta(0)
        self._replace(file.load())

    def __contains__(self, shop_key: str) -> bool:
        return shop_key in self._accesses

    def keys(self) -> list[str]:
        """The shop keys, in order."""
        return sorted(self._accesses)

    def reader(self, shop_key: str) -> ReadPage:
        """A function that reads the shop's pages, each with the present credentials. It raises UnknownShop."""

        async def read(search: Search, url: str | None) -> Page:
            page = self._readers.get(shop_key)
            if page is None:
                raise UnknownShop(self.why_unknown(shop_key))
            return await page(search, url)

        return read

    def why_unknown(self, shop_key: str) -> str:
        """What an operator must do about an unknown shop."""
        text = (
            f"shop {shop_key!r} is not in the ingestor's shops file {self._file.path}: add its base_url, client_id and"
            f" client_secret there; the file is read again every {self._every.total_seconds():g} s"
        )
        return f"{text}; it cannot be used as it is now: {self._problem}" if self._problem else text

    def note(self) -> str:
        """Text for /readyz: the number of shops, and what is wrong with the file."""
        count = counted(len(self._accesses), "shop")
        return f"{self._problem}; the {count} of before stay in force" if self._problem else count

    async def run(self) -> None:
        """Read the file periodically, indefinitely."""
        while True:
            waiting = self._candidate is not None
            await asyncio.sleep((min(_SECOND_LOOK, self._every) if waiting else self._every).total_seconds())
            await self.look()

    async def look(self) -> None:
        """Read the file once. A change takes effect if the previous reading has seen it too."""
        content = await asyncio.to_thread(self._load)
        present: Content = self._problem if self._problem is not None else dict(self._accesses)
        if content == present:
            self._candidate = None
            self._repeat_problem()
        elif content != self._candidate:
            self._candidate = content
        else:
            self._candidate = None
            self._take(content)

    def _load(self) -> Content:
        try:
            return self._file.load()
        except SettingsError as error:
            return str(error)

    def _take(self, content: Content) -> None:
        if isinstance(content, str):
            self._problem = content
            self._log_problem()
            return
        before = self._accesses
        mended, self._problem = self._problem is not None, None
        self._replace(content)
        log.info(
            "shops file read again",
            added=sorted(content.keys() - before.keys()),
            removed=sorted(before.keys() - content.keys()),
            changed=sorted(key for key in content.keys() & before.keys() if content[key] != before[key]),
            usable_again=mended,
        )

    def _replace(self, accesses: Mapping[str, ShopAccess]) -> None:
        """Replace the shops. An unchanged shop keeps its client and its token."""
        self._readers = {
            key: self._readers[key] if self._accesses.get(key) == access else self._connect(access)
            for key, access in accesses.items()
        }
        self._accesses = accesses
        metrics.SHOPS.set(len(accesses))
        metrics.SHOPS_FILE_USABLE.set(1)

    def _repeat_problem(self) -> None:
        if self._problem is None:
            return
        self._unlogged_for += self._every
        if self._unlogged_for >= _REMIND_EVERY:
            self._log_problem()

    def _log_problem(self) -> None:
        self._unlogged_for = timedelta(0)
        metrics.SHOPS_FILE_USABLE.set(0)
        log.error(
            "shops file cannot be used, the shops of before stay in force",
            problem=self._problem,
            shops=len(self._accesses),
        )
