"""What categories require, read from TikTok Shop and cached (ED-8, Q9)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cachetools import TTLCache

from publisher.concurrency.gathering import both
from publisher.concurrency.single_flight import SingleFlight
from publisher.content.requirements import Requirements, read_requirements
from publisher.errors import Refused
from publisher.tiktok.shop_api import ShopApi

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Answer:
    """Requirements, or TikTok's (code, message) when it refused the category."""

    requirements: Requirements | None
    refused: tuple[str, str] | None


class Categories:
    """Caches `size` answers, each for `life`. However many products ask at the same time, TikTok is asked once.

    TikTok advises not to cache for long, because requirements change.
    """

    def __init__(self, *, life: timedelta, size: int, clock: Callable[[], datetime]) -> None:
        self._answers: TTLCache[_Key, _Answer] = TTLCache(size, life.total_seconds(), timer=lambda: clock().timestamp())
        self._single_flight: SingleFlight[_Answer] = SingleFlight()

    async def requirements(self, api: ShopApi, category_id: str, category_version: str) -> Requirements:
        """Those of a leaf category for a shop. Raises Refused when it is no leaf, and what the calls raise."""
        key = (api.shop_key, category_id, category_version)
        answer = self._answers.get(key)
        if answer is None:
            answer = await self._single_flight.run(key, lambda: self._ask(api, key))
        if answer.requirements is None:
            raise Refused(*(answer.refused or ("", "")))
        return answer.requirements

    async def _ask(self, api: ShopApi, key: _Key) -> _Answer:
        _, category_id, version = key
        requirements, refused = None, None
        try:
            requirements = await _answers(api, category_id, version)
        except Refused as error:
            if type(error) is not Refused:
                raise
            refused = (error.code, error.message)
        answer = self._answers[key] = _Answer(requirements, refused)
        return answer


async def _answers(api: ShopApi, category_id: str, version: str) -> Requirements:
    """Both calls at the same time: the first product of a shop waits for them."""
    asked = api.category_attributes(category_id, version), api.category_rules(category_id, version)
    return read_requirements(*await both(*asked))
