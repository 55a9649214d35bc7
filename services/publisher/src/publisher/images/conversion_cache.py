"""Remembers converted pictures: decoding takes more processor time than anything else in a push."""

import asyncio

from cachetools import LRUCache

from publisher.concurrency.single_flight import SingleFlight
from publisher.errors import ImageUnusable
from publisher.images.conversion import Prepared, prepare
from publisher.model import UseCase

_BUDGET = 64 * 1024 * 1024
"""Bytes of converted pictures that are kept; a picture that is uploaded as it is takes none."""
_MOST = 10_000
_DECODERS = 2
"""Pictures decoded at the same time: one of the largest size takes about 200 MB."""

_Key = tuple[str, UseCase]
_Outcome = Prepared | str | tuple[str, str]
"""A converted picture, the note alone when the file is uploaded as it is, or (code, message) of an ImageUnusable."""


class ConversionCache:
    """Converts each content once per use case, for all shops, as long as it is remembered."""

    def __init__(self) -> None:
        self._known: LRUCache[_Key, _Outcome] = LRUCache(_BUDGET, getsizeof=_size)
        self._single_flight: SingleFlight[_Outcome] = SingleFlight()
        self._decoders = asyncio.Semaphore(_DECODERS)

    async def prepared(self, content: bytes, digest: str, use_case: UseCase) -> Prepared:
        """What to upload. Raises ImageUnusable, whose message has no address."""
        key: _Key = (digest, use_case)
        outcome = self._known.get(key)
        if outcome is None:
            outcome = await self._single_flight.run(key, lambda: self._prepare(key, content))
        if isinstance(outcome, tuple):
            raise ImageUnusable(*outcome)
        return Prepared(content, outcome) if isinstance(outcome, str) else outcome

    async def _prepare(self, key: _Key, content: bytes) -> _Outcome:
        outcome: _Outcome
        async with self._decoders:
            try:
                ready = await asyncio.to_thread(prepare, content, key[1])
                outcome = ready.note if ready.content is content else ready
            except ImageUnusable as error:
                outcome = (error.code, error.message)
        self._known[key] = outcome
        return outcome


def _size(outcome: _Outcome) -> int:
    return max(len(outcome.content) if isinstance(outcome, Prepared) else 0, _BUDGET // _MOST)
