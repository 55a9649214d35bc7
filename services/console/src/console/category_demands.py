"""What the categories of many products require: asked of the publisher, bounded in number and time. Never raises."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress

from console.errors import PublisherUnavailable
from console.publisher_api import PublisherApi, Requirements
from shopsync_readmodel.products.demands import Choice, Demand, DemandedAttribute, Demands

_MOST = 40
_AT_ONCE = 8
_PATIENCE_SECONDS = 3.0
"""A page is not held up for longer: it says of the rest that nobody could tell."""
_OF_ONE_CATEGORY = frozenset({"refused", "tiktok_away", "blocked"})
"""Causes with which the publisher may still know another category."""


class CategoryDemands:
    """Through the publisher, which keeps TikTok Shop's answers."""

    def __init__(self, publisher: PublisherApi) -> None:
        self._publisher = publisher

    def of(self, shop_key: str) -> Demands:
        """Of one shop: of the first 40 categories as many as can be had in three seconds."""

        async def ask(categories: Sequence[str]) -> dict[str, Demand]:
            known: dict[str, Demand] = {}
            waiting = iter(categories[:_MOST])
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await asyncio.gather(*(self._take(shop_key, waiting, known) for _ in range(_AT_ONCE)))
            return known

        return ask

    async def _take(self, shop_key: str, waiting: Iterator[str], known: dict[str, Demand]) -> None:
        for category_id in waiting:
            try:
                known[category_id] = demand_of(await self._publisher.requirements(shop_key, category_id))
            except PublisherUnavailable as error:
                if error.cause not in _OF_ONE_CATEGORY:
                    return


def demand_of(requirements: Requirements) -> Demand:
    """What a product has to have. A choice of an attribute that the category does not have makes nothing necessary."""
    by_id = {one.id: one for one in requirements.fields}

    def named(choices: frozenset[tuple[str, str]]) -> tuple[Choice, ...]:
        return tuple(
            (other, value, by_id[other].values.get(value, value)) for other, value in sorted(choices) if other in by_id
        )

    needed = []
    for field in requirements.fields:
        if field.required:
            needed.append(DemandedAttribute(field.id))
        elif choices := named(field.required_if):
            needed.append(DemandedAttribute(field.id, choices))
    certificates = requirements.certificates
    return Demand(
        tuple(needed),
        requirements.needs_size_chart,
        needs_certificate=any(one.required for one in certificates),
        certificate_with=tuple(choice for one in certificates for choice in named(one.required_if)),
    )
