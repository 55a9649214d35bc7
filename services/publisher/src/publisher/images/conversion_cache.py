"""Remembers converted pictures: decoding takes more processor time than anything else in a push."""

import asyncio
from collections import OrderedDict

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
        self._known: OrderedDict[_Key, _Outcome] = OrderedDict()
        self._bytes = 0
        self._single_flight: SingleFlight[_Outcome] = SingleFlight()
        self._decoders = asyncio.Semaphore(_DECODERS)

    async def prepared(self, content: bytes, digest: str, use_case: UseCase) -> Prepared:
        """What to upload. Raises ImageUnusable, whose message has no address."""
        key: _Key = (digest, use_case)
        if key in self._known:
            self._known.move_to_end(key)
            outcome = self._known[key]
        else:
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
        self._keep(key, outcome)
        return outcome

    def _keep(self, key: _Key, outcome: _Outcome) -> None:
        self._known[key] = outcome
        self._bytes += _size(outcome)
        while self._bytes > _BUDGET or len(self._known) > _MOST:
            _, dropped = self._known.popitem(last=False)
            self._bytes -= _size(dropped)


def _size(outcome: _Outcome) -> int:
    return len(outcome.content) if isinstance(outcome, Prepared) else 0
