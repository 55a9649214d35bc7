"""Composition root."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx

from publisher.consent.flow import ConsentFlow
from publisher.consent.keyring import Keyring
from publisher.content.categories import Categories
from publisher.content.material import MaterialGatherer
from publisher.handlers import Handlers
from publisher.images.addresses import GuardedNetwork
from publisher.images.fetching import Fetcher
from publisher.images.uploads import ImageUploads
from publisher.pace.rate_limiter import RateLimiterSettings
from publisher.pushing.job_runner import JobRunner
from publisher.pushing.outbox import Outbox
from publisher.pushing.overview import OverviewCache
from publisher.pushing.paused_shops import PausedShops
from publisher.pushing.push import Push
from publisher.pushing.worker import Workers
from publisher.reviewing.reviews import Reviews
from publisher.reviewing.webhooks import Inbox
from publisher.settings import PublisherSettings
from publisher.store import (
    AppTroubles,
    Authorizations,
    CatalogueReader,
    ImageCache,
    Jobs,
    Listings,
    Paces,
    Pauses,
    Permissions,
    Positions,
    Situations,
    TokenKeys,
)
from publisher.tiktok.client import TikTokClient
from publisher.tiktok.shops import Shops
from publisher.tiktok.tokens import Tokens
from publisher.tiktok.transport import ManyPools
from publisher.tiktok.vault import Vault
from publisher.upkeep import Upkeep
from publisher.web import Web
from shopsync_contracts.topics import PUSH_COMMANDS
from shopsync_runtime import Runtime
from shopsync_runtime.cancelling import raise_if_cancelled

_UPKEEP = timedelta(seconds=30)
_POOLS = 24
_REVIEWS_AT_ONCE = 48


def build(runtime: Runtime, settings: PublisherSettings) -> None:
    """Wire the publisher."""
    clock = runtime.clock
    database = runtime.database
    jobs, listings, authorizations = Jobs(database), Listings(database), Authorizations(database)
    catalogue, cache = CatalogueReader(database), ImageCache(database)
    troubles, token_keys = AppTroubles(database), TokenKeys(database)
    pauses = Pauses(database)
    paused_shops = PausedShops(pauses)
    for store in (jobs, listings, authorizations, cache, troubles, token_keys):
        runtime.on_start(store.ensure_indexes)
    runtime.on_start(authorizations.ensure_view)

    tiktok_http = _http(settings.request_timeout)
    runtime.on_stop(tiktok_http.aclose)
    client = TikTokClient(
        tiktok_http,
        api_url=settings.tiktok_api_url,
        auth_url=settings.tiktok_auth_url,
        app_key=settings.tiktok_app_key,
        app_secret=settings.tiktok_app_secret,
        deadline=settings.request_deadline,
        clock=clock,
    )
    vault = Vault(settings.token_key)
    tokens = Tokens(authorizations, client, vault, clock, deadline=settings.request_deadline)
    runtime.on_stop(tokens.finish)
    rules = RateLimiterSettings(settings.requests_per_second, settings.breaker_failures, settings.breaker_longest)
    shops = Shops(client, tokens, Paces(database), rules, clock)
    fetcher = Fetcher(
        GuardedNetwork(allow_private=settings.image_allow_private),
        timeout=settings.image_timeout,
        max_bytes=settings.image_max_bytes,
    )
    runtime.on_stop(fetcher.aclose)
    categories = Categories(life=settings.category_rules_life, size=settings.category_rules_kept, clock=clock)
    outbox = Outbox(listings, runtime.events)
    overviews = OverviewCache(shops, jobs, listings, life=settings.overview_life, clock=clock)
    push = Push(
        situations=Situations(database),
        listings=listings,
        outbox=outbox,
        shops=shops,
        overviews=overviews,
        permissions=Permissions(database),
        materials=MaterialGatherer(ImageUploads(cache, fetcher, clock), categories),
        clock=clock,
        settings_grace=settings.settings_grace,
        review_poll=settings.review_poll_interval,
        search_lag=settings.search_lag,
        send_locale=settings.send_locale,
    )
    job_runner = JobRunner(
        push,
        jobs=jobs,
        authorizations=authorizations,
        catalogue=catalogue,
        outbox=outbox,
        paused_shops=paused_shops,
        settings=settings,
        clock=clock,
    )
    instance = runtime.common.instance_id
    workers = Workers(jobs, job_runner, shops, settings, clock, paused_shops=paused_shops, instance=instance)
    shops.on_capacity = workers.wake
    replica = instance or socket.gethostname()
    keyring = Keyring(
        vault,
        tokens,
        keys=token_keys,
        authorizations=authorizations,
        jobs=jobs,
        replica=replica,
        lease=settings.token_key_lease,
        blocked_wait=settings.blocked_wait,
        clock=clock,
        on_readable=workers.wake,
    )
    runtime.on_start(keyring.join)
    runtime.check("token key", keyring.missing)
    reviews = Reviews(
        listings,
        shops,
        outbox,
        poll_interval=settings.review_poll_interval,
        rest=settings.poll_interval,
        lease=settings.job_lease,
        at_once=_REVIEWS_AT_ONCE,
        clock=clock,
    )
    consent_flow = ConsentFlow(
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
    web = Web(inbox, consent_flow, app_key=settings.tiktok_app_key, app_secret=settings.tiktok_app_secret)

    upkeep = Upkeep(
        tokens,
        shops,
        authorizations,
        troubles,
        client.app_circuit,
        replica=replica,
        refresh_before=settings.token_refresh_before,
        warn_before=settings.authorization_warn_before,
        webhook_url=settings.webhook_url,
        clock=clock,
    )
    handlers = Handlers(jobs, Positions(database), pauses, paused_shops, wake=workers.wake, clock=clock)
    runtime.consume("commands", [PUSH_COMMANDS], handlers.commands)
    runtime.add_routes(web.routes())
    runtime.background("relay", outbox.relay)
    runtime.background("workers", workers.run)
    runtime.background("reviews", reviews.run)
    runtime.background("keyring", keyring.run)
    runtime.background("upkeep", _repeat(upkeep.round, _UPKEEP))


def _http(timeout: timedelta) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        timeout=timeout.total_seconds(), transport=ManyPools(_POOLS), follow_redirects=False, trust_env=False
    )


def _repeat(action: Callable[[], Awaitable[None]], pause: timedelta) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        while True:
            raise_if_cancelled()
            await action()
            await asyncio.sleep(pause.total_seconds())

    return run
