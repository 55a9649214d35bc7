"""A TikTok Shop for the Japanese market, in memory."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import cached_property

from starlette.applications import Starlette
from starlette.routing import Mount

from shopsync_sandbox.tiktok.actions import Actions
from shopsync_sandbox.tiktok.api.gateway import Gateway
from shopsync_sandbox.tiktok.consent import Consent
from shopsync_sandbox.tiktok.control.routes import Control
from shopsync_sandbox.tiktok.faults.connections import TransportApplication


class TikTokSandbox(Actions):
    """`app` is an ASGI application with TikTok's API, its consent pages and the control API."""

    @cached_property
    def app(self) -> TransportApplication:
        """Serve it only once: reviews, webhooks and expiry warnings run while it is served."""
        return TransportApplication(
            routes=[
                Mount("/_sandbox", routes=Control(self).routes()),
                *Consent(self.services).routes(),
                Mount("", app=Gateway(self.services)),
            ],
            lifespan=self._lifespan,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part.run()) for part in (self.reviews, self.webhooks, self.expiries)]
            yield
            for task in tasks:
                task.cancel()
