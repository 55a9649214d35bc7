"""TikTok Shop認証: whether the shop is authorised, until when, what blocks it and who must act; and the way to consent.

The button is a form. Chromium lets no redirect of a form leave the origin (`form-action 'self'`), and the policy names
no foreign origin. So the answer is a page of ours that goes on by itself (`refresh`), with a link that does the same.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.errors import PublisherUnavailable
from console.publisher_api import PublisherApi
from console.screens.drafts import DraftKeeping, DraftPages
from console.text.authorization import OUTCOMES
from console.web.application import AUTHORIZATION
from console.web.rendering import Pages
from console.web.visits import shop_of, visit_of
from shopsync_readmodel.shops.authorization import authorization_status, consent_until
from shopsync_readmodel.shops.conditions import read_conditions
from shopsync_runtime.mongo import Database

_DONE = "done"
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was entered for the id of a shop and is none."""

    tiktok_shop_id: str


class AuthorizationScreen:
    """`/authorization`; a POST to it begins a consent."""

    def __init__(
        self,
        pages: Pages,
        publisher: PublisherApi,
        database: Database,
        drafts: DraftKeeping,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._drafts = DraftPages(drafts, Wanted)
        self._pages = pages
        self._publisher = publisher
        self._database = database
        self._clock = clock

    def routes(self) -> list[Route]:
        """For the application."""
        return [
            Route(AUTHORIZATION, self.show, methods=["GET"], name="authorization"),
            Route(AUTHORIZATION, self.begin, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The state; after the return from TikTok Shop with what became of the consent."""
        if (wrong := await self._drafts.asked_for(request)) is not None:
            return await self._page(request, outcome="several_shops", wanted=wrong.tiktok_shop_id)
        return await self._page(request, outcome=request.query_params.get("consent", ""))

    async def begin(self, request: Request) -> Response:
        """On to TikTok Shop's page. `tiktok_shop_id`: which one, of a seller with several."""
        wanted = str(visit_of(request).form.get("tiktok_shop_id", "")).strip()
        if wanted and _ID.fullmatch(wanted) is None:
            return await self._drafts.lead_to(request, Wanted(wanted[:_LONGEST]))
        try:
            address = await self._publisher.consent_address(shop_of(request), tiktok_shop_id=wanted or None)
        except PublisherUnavailable as trouble:
            return await self._page(request, 503, trouble=trouble, wanted=wanted)
        return self._pages.page(request, "authorization/leave.html", address=address)

    async def _page(
        self,
        request: Request,
        status: int = 200,
        *,
        outcome: str = "",
        trouble: PublisherUnavailable | None = None,
        wanted: str = "",
    ) -> Response:
        shop_key, now = shop_of(request), self._clock()
        conditions = await read_conditions(self._database, shop_key)
        document = conditions.consents.get(shop_key)
        found = authorization_status(shop_key, document, now)
        if outcome not in OUTCOMES or (outcome == _DONE and found.state in {"not authorised", "ended"}):
            outcome = ""
        return self._pages.page(
            request,
            "authorization.html",
            status,
            found=found,
            consent=document,
            until=consent_until(document or {}),
            passing=tuple(conditions.passing(shop_key, now)),
            outcome=outcome,
            trouble=trouble,
            wanted=wanted,
        )
