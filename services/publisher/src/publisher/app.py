"""Composition root."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx

from publisher import webhooks
from publisher.attempt import Attempts
from publisher.client import TikTokClient
from publisher.consent import Consents
from publisher.fetching import Fetcher
from publisher.handlers import Handlers
from publisher.images import Images
from publisher.outbox import Outbox
from publisher.push import Push
from publisher.reviews import Reviews
from publisher.settings import PublisherSettings
from publisher.shops import Shops
from publisher.store import Authorizations, CatalogueReader, ImageCache, Jobs, Listings
from publisher.tokens import Tokens
from publisher.vault import Vault
from publisher.web import Web
from publisher.webhooks import Inbox
from publisher.worker import Workers
from shopsync_contracts.topics import PUSH_COMMANDS
from shopsync_runtime import Runtime
from shopsync_runtime.cancelling import raise_if_cancelled

_UPKEEP = timedelta(seconds=30)
_REVIEW_READERS = 4


def build(runtime: Runtime, settings: PublisherSettings) -> None:
    """Wire the publisher."""
    clock = runtime.clock
    database = runtime.database
    jobs, listings, authorizations = Jobs(database), Listings(database), Authorizations(database)
    catalogue, cache = CatalogueReader(database), ImageCache(database)
    for store in (jobs, listings, authorizations):
        runtime.on_start(store.ensure_indexes)

    tiktok_http, image_http = _http(settings.request_timeout), _http(settings.image_timeout)
    runtime.on_stop(tiktok_http.aclose)
    runtime.on_stop(image_http.aclose)
    client = TikTokClient(
        tiktok_http,
        api_url=settings.tiktok_api_url,
        auth_url=settings.tiktok_auth_url,
        app_key=settings.tiktok_app_key,
        app_secret=settings.tiktok_app_secret,
        clock=clock,
    )
    vault = Vault(settings.token_key)
    tokens = Tokens(authorizations, client, vault, clock)
    shops = Shops(client, tokens, requests_per_second=settings.requests_per_second, clock=clock)
    fetcher = Fetcher(
        image_http,
        timeout=settings.image_timeout,
        max_bytes=settings.image_max_bytes,
        allow_private=settings.image_allow_private,
    )
    outbox = Outbox(listings, runtime.events)
    push = Push(
        catalogue=catalogue,
        listings=listings,
        authorizations=authorizations,
        outbox=outbox,
        shops=shops,
        images=Images(cache, fetcher, clock),
        clock=clock,
        settings_grace=settings.settings_grace,
        review_poll=settings.review_poll_interval,
    )
    attempts = Attempts(
        push,
        jobs=jobs,
        authorizations=authorizations,
        catalogue=catalogue,
        outbox=outbox,
        settings=settings,
        clock=clock,
    )
    workers = Workers(jobs, attempts, settings, clock)
    reviews = Reviews(
        listings,
        shops,
        outbox,
        poll_interval=settings.review_poll_interval,
        rest=settings.poll_interval,
        lease=settings.job_lease,
        at_once=_REVIEW_READERS,
        clock=clock,
    )
    consents = Consents(
        client,
        tokens,
        vault,
        authorizations=authorizations,
        catalogue=catalogue,
        jobs=jobs,
        consent_url=settings.tiktok_consent_url,
        service_id=settings.tiktok_service_id,
        signed_only=settings.signed_state_only,
        lifetime=settings.consent_lifetime,
        settings_grace=settings.settings_grace,
        clock=clock,
    )
    inbox = Inbox(listings, authorizations, reviews, clock)
    web = Web(inbox, consents, app_key=settings.tiktok_app_key, app_secret=settings.tiktok_app_secret)

    async def upkeep() -> None:
        await tokens.refresh_ahead(settings.token_refresh_before)
        if settings.webhook_url is not None:
            await webhooks.register(shops, authorizations, settings.webhook_url)

    runtime.consume("commands", [PUSH_COMMANDS], Handlers(jobs, workers.wake, clock).commands)
    runtime.add_routes(web.routes())
    runtime.background("relay", outbox.relay)
    runtime.background("workers", workers.run)
    runtime.background("reviews", reviews.run)
    runtime.background("upkeep", _repeat(upkeep, _UPKEEP))


def _http(timeout: timedelta) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
    return httpx.AsyncClient(timeout=timeout.total_seconds(), limits=limits, follow_redirects=False, trust_env=False)


def _repeat(action: Callable[[], Awaitable[None]], pause: timedelta) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        while True:
            raise_if_cancelled()
            await action()
            await asyncio.sleep(pause.total_seconds())

    return run
