"""What TikTok Shop alone knows, for those who fill in products: categories, what they require, brands.

Answers are kept in MongoDB for a while. While TikTok cannot answer, the last answer is given, however old.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from publisher.concurrency.single_flight import SingleFlight
from publisher.content.requirements import Choice, Requirements, read_requirements
from publisher.errors import (
    AppMisconfigured,
    AuthorizationEnded,
    KeyMissing,
    Passing,
    PublisherError,
    Refused,
    ShopBlocked,
    ShopResting,
    Unavailable,
)
from publisher.metrics import TAXONOMY
from publisher.store import Authorizations, KeptAnswer, Taxonomies
from publisher.tiktok.shop_api import ShopApi
from publisher.tiktok.shops import Shops
from publisher.tiktok.taxonomy_rows import BrandRow, CategoryRow

log = structlog.get_logger(__name__)

MOST_BRANDS = 50
_MOST_BRAND_PAGES = 5
_PATIENCE = 10.0
"""Seconds for which somebody waits at a screen. The question goes on, and its answer is kept for the next time."""
_BUSY_TRIES = 10
_BUSY_PAUSE = 0.5
_NOT_NOW = (Passing, AppMisconfigured, ShopBlocked, KeyMissing)
"""Errors that say nothing about the question: the last answer is as good as before."""


@dataclass(frozen=True, slots=True)
class Lives:
    """How long an answer counts as new. It is kept longer, for when TikTok cannot answer."""

    categories: timedelta
    requirements: timedelta
    brands: timedelta


@dataclass(frozen=True, slots=True)
class _Question:
    """`name`: within the shop. `life`, `kept_for`: of its answer."""

    kind: str
    name: str
    life: timedelta
    kept_for: timedelta


_KEPT = timedelta(days=30)
_BRANDS_KEPT = timedelta(days=1)
"""A search for a brand is one of very many."""


class Taxonomy:
    """Answers are JSON documents as bytes, ready to be sent.

    Every method raises Refused for what TikTok refuses, AuthorizationEnded for a shop that is not authorised, and, when
    there is no last answer, what stops the shop's calls.
    """

    def __init__(
        self,
        shops: Shops,
        taxonomies: Taxonomies,
        authorizations: Authorizations,
        *,
        lives: Lives,
        clock: Callable[[], datetime],
    ) -> None:
        self._shops = shops
        self._taxonomies = taxonomies
        self._authorizations = authorizations
        self._lives = lives
        self._clock = clock
        self._single_flight: SingleFlight[KeptAnswer] = SingleFlight()

    async def categories(self, shop_key: str, version: str) -> bytes:
        """The whole tree of this version, with Japanese names."""

        async def ask(api: ShopApi) -> Mapping[str, Any]:
            rows = await api.categories(version)
            if not rows:
                raise Unavailable("reply", "TikTok Shop shows no categories")
            return {"categories": [_category(row) for row in rows]}

        question = _Question("categories", f"{version}/categories", self._lives.categories, _KEPT)
        return await self._answer(shop_key, version, question, ask)

    async def requirements(self, shop_key: str, version: str, category_id: str) -> bytes:
        """What a leaf category requires."""

        async def ask(api: ShopApi) -> Mapping[str, Any]:
            # One after the other: the shop's pushes go first.
            attributes = await api.category_attributes(category_id, version)
            rules = await api.category_rules(category_id, version)
            return {"category_id": category_id, **_requirements(read_requirements(attributes, rules))}

        name = f"{version}/requirements/{category_id}"
        question = _Question("requirements", name, self._lives.requirements, _KEPT)
        return await self._answer(shop_key, version, question, ask)

    async def brands(self, shop_key: str, version: str, text: str, category_id: str | None) -> bytes:
        """At most 50 brands by a part of their name, without those that the shop cannot use."""

        async def ask(api: ShopApi) -> Mapping[str, Any]:
            rows = await _usable_brands(api, version, text, category_id)
            return {"brands": [{"id": row.id, "name": row.name, "authorized": row.authorized} for row in rows]}

        digest = hashlib.sha256(text.encode()).hexdigest()[:32]
        name = f"{version}/brands/{category_id or '-'}/{digest}"
        return await self._answer(shop_key, version, _Question("brands", name, self._lives.brands, _BRANDS_KEPT), ask)

    async def _answer(
        self, shop_key: str, version: str, question: _Question, ask: Callable[[ShopApi], Awaitable[Mapping[str, Any]]]
    ) -> bytes:
        blocked = await self._checked(shop_key)
        kept = await self._taxonomies.get(shop_key, question.name)
        if kept is not None and self._clock() - kept.asked_at < question.life:
            return _told(kept, question, "kept")
        try:
            if blocked is not None:
                raise blocked
            async with asyncio.timeout(_PATIENCE):
                answer = await self._single_flight.run(
                    (shop_key, question.name), lambda: self._ask(shop_key, version, question, ask)
                )
        except (*_NOT_NOW, TimeoutError) as error:
            if kept is None or isinstance(error, AuthorizationEnded):
                TAXONOMY.labels(question.kind, "failed").inc()
                raise _in_time(error) from None
            log.info("an older answer serves", shop_key=shop_key, question=question.name, error=str(error)[:200])
            return _told(kept, question, "stale")
        return _told(answer, question, "asked")

    async def _checked(self, shop_key: str) -> ShopBlocked | None:
        """What blocks the shop. Raises AuthorizationEnded for one that is not authorised."""
        found = await self._authorizations.get(shop_key)
        if found is None:
            raise AuthorizationEnded("not_authorized", f"shop {shop_key!r} is not authorised")
        if found.ended is not None:
            raise AuthorizationEnded(*found.ended)
        if found.blocked is not None and found.blocked_until is not None and found.blocked_until > self._clock():
            return ShopBlocked(*found.blocked)
        return None

    async def _ask(
        self, shop_key: str, version: str, question: _Question, ask: Callable[[ShopApi], Awaitable[Mapping[str, Any]]]
    ) -> KeptAnswer:
        now, refused = self._clock(), None
        document: Mapping[str, Any] = {}
        try:
            document = await self._when_there_is_room(shop_key, ask)
        except Refused as error:
            if type(error) is not Refused:
                raise
            refused = (error.code, error.message)
        content = json.dumps({"category_version": version, **document}, ensure_ascii=False, separators=(",", ":"))
        answer = KeptAnswer(now, content.encode(), refused)
        await self._taxonomies.put(shop_key, question.name, answer, kept_for=question.life + question.kept_for)
        return answer

    async def _when_there_is_room(
        self, shop_key: str, ask: Callable[[ShopApi], Awaitable[Mapping[str, Any]]]
    ) -> Mapping[str, Any]:
        """Calls that are not urgent are sent away while too many of them wait."""
        api = self._shops.api(shop_key, urgent=False)
        for _ in range(_BUSY_TRIES):
            try:
                return await ask(api)
            except ShopResting as error:
                if error.code != "shop_busy":
                    raise
            await asyncio.sleep(_BUSY_PAUSE)
        return await ask(api)


async def _usable_brands(api: ShopApi, version: str, text: str, category_id: str | None) -> list[BrandRow]:
    """In TikTok's order; names that begin with the text first."""
    found: list[BrandRow] = []
    token = ""
    for _ in range(_MOST_BRAND_PAGES):
        rows, token = await api.brands(version, text, category_id, token)
        found += [row for row in rows if row.usable]
        if len(found) >= MOST_BRANDS or not token:
            break
    wanted = text.casefold()
    found.sort(key=lambda row: not row.name.casefold().startswith(wanted))
    return found[:MOST_BRANDS]


def _told(answer: KeptAnswer, question: _Question, outcome: str) -> bytes:
    TAXONOMY.labels(question.kind, outcome).inc()
    if answer.refused is not None:
        raise Refused(*answer.refused)
    return answer.content


def _in_time(error: Exception) -> PublisherError:
    if isinstance(error, PublisherError):
        return error
    return Unavailable("deadline", f"TikTok Shop has not answered within {_PATIENCE:g} s")


def _category(row: CategoryRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "parent_id": row.parent_id,
        "name": row.name,
        "is_leaf": row.is_leaf,
        "permission": row.permission,
    }


def _requirements(needed: Requirements) -> dict[str, Any]:
    return {
        "attributes": [
            {
                "id": rule.id,
                "name": rule.name,
                "required": rule.required,
                "required_if": _choices(rule.required_if),
                "multiple": rule.multiple,
                "custom": rule.custom,
                "numeric": rule.numeric,
                "values": [{"id": value_id, "name": name} for value_id, name in rule.values.items()],
            }
            for rule in needed.attributes.values()
        ],
        "size_chart": {"supported": needed.size_chart_supported, "required": needed.size_chart_required},
        "certificates": [
            {"name": rule.name, "required": rule.required, "required_if": _choices(rule.required_if)}
            for rule in needed.certificates
        ],
    }


def _choices(choices: frozenset[Choice]) -> list[dict[str, str]]:
    return [{"attribute_id": attribute, "value_id": value} for attribute, value in sorted(choices)]
