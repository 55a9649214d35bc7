"""Composition root."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta

from starlette.routing import Route

from publisher.consent.flow import ConsentFlow
from publisher.consent.keyring import Keyring, KeyringSettings
from publisher.content.categories import Categories
from publisher.content.material import MaterialGatherer
from publisher.content.taxonomy import Lives, Taxonomy
from publisher.handlers import Handlers
from publisher.images.addresses import AllowedAddresses
from publisher.images.fetching import Fetcher
from publisher.images.uploads import ImageUploads
from publisher.internal_api import InternalApi
from publisher.pace.state import RateLimiterSettings
from publisher.pushing.fair_scheduler import FairScheduler
from publisher.pushing.job_leases import JobLeases
from publisher.pushing.job_runner import JobRunner
from publisher.pushing.outbox import Outbox
from publisher.pushing.overview import OverviewCache
from publisher.pushing.paused_shops import PausedShops
from publisher.pushing.push import Push
from publisher.pushing.reconciling import Reconciler
from publisher.pushing.recording import Recorder
from publisher.pushing.sending import Sender
from publisher.pushing.worker import Workers
from publisher.reviewing.reviews import Reviews
from publisher.reviewing.webhooks import Inbox
from publisher.settings import PublisherSettings
from publisher.store import (
    AppTroubles,
    ImageCache,
    Paces,
    Pauses,
    Permissions,
    Positions,
    Situations,
    Stores,
    Taxonomies,
)
from publisher.tiktok.client import App, TikTokClient
from publisher.tiktok.shops import Shops
from publisher.tiktok.tokens import Tokens
from publisher.tiktok.vault import Vault
from publisher.upkeep import AppTroubleReport, Upkeep
from publisher.web import Web
from shopsync_contracts.events import (
    PushFailed,
    PushSkipped,
    PushSucceeded,
    ReviewChanged,
)
from shopsync_contracts.topics import PUSH_COMMANDS
from shopsync_runtime import Runtime
from shopsync_runtime.cancelling import raise_if_cancelled
from shopsync_runtime.http_connections import Connections, web_context

_UPKEEP = timedelta(seconds=30)
_FIRST_PUSHES_OF_A_SHOP = 4


def build(runtime: Runtime, settings: PublisherSettings) -> None:
    """Wire the publisher."""
    clock = runtime.clock
    database = runtime.database
    stores = Stores.of(database)
    authorizations, jobs, listings = stores.authorizations, stores.jobs, stores.listings
    image_cache, troubles, pauses = ImageCache(database), AppTroubles(database), Pauses(database)
    positions = Positions(database)
    for store in (jobs, listings, authorizations, image_cache, troubles, stores.token_keys, positions):
        runtime.on_start(store.ensure_indexes)
    runtime.on_start(authorizations.ensure_view)
    runtime.on_stop(image_cache.finish)

    tiktok_http = _tiktok_http(runtime, settings)
    app = App(settings.tiktok_app_key, settings.tiktok_app_secret, settings.tiktok_api_url, settings.tiktok_auth_url)
    client = TikTokClient(tiktok_http, app, deadline=settings.request_deadline, clock=clock)
    vault = Vault(settings.token_key)
    tokens = Tokens(authorizations, client, vault, clock, deadline=settings.request_deadline)
    runtime.on_stop(tokens.finish)
    rules = RateLimiterSettings(settings.requests_per_second, settings.breaker_failures, settings.breaker_longest)
    wake_up = asyncio.Event()
    shops = Shops(client, tokens, Paces(database), rules, on_capacity=wake_up.set, clock=clock)

    materials = _materials(runtime, settings, image_cache)
    outbox = Outbox(listings, runtime.publishes(PushSucceeded, PushFailed, PushSkipped, ReviewChanged))
    recorder = Recorder(listings, stores.catalogue, outbox, review_poll=settings.review_poll_interval, clock=clock)
    sender = Sender(shops, materials, recorder, Permissions(database), send_locale=settings.send_locale)
    overviews = OverviewCache(shops, jobs, listings, life=settings.overview_life, clock=clock)
    reconciler = Reconciler(shops, overviews, recorder)
    situations = _situations(runtime)
    push = Push(situations, recorder, sender, reconciler, settings=settings, clock=clock)
    paused_shops = PausedShops(pauses)
    job_runner = JobRunner(push, recorder, stores, paused_shops, settings=settings, clock=clock)

    def may_start(shop: str, running: int) -> bool:
        return not paused_shops.is_paused(shop) and shops.has_capacity(shop, running)

    instance = runtime.common.instance_id
    leases = JobLeases(jobs, lease=settings.job_lease, instance=instance, clock=clock)
    scheduler = FairScheduler(settings.workers, settings.workers_per_shop, may_start, first=_FIRST_PUSHES_OF_A_SHOP)
    workers = Workers(
        leases, job_runner, scheduler, paused_shops, wake_up=wake_up, poll_interval=settings.poll_interval
    )
    reviews = Reviews(listings, shops, outbox, settings=settings, clock=clock)

    keyring = Keyring(
        vault,
        tokens,
        stores,
        KeyringSettings(instance or _process_name(), settings.token_key_lease, settings.blocked_wait),
        clock=clock,
        on_readable=workers.wake,
    )
    runtime.on_start(keyring.join)
    runtime.check("token key", keyring.missing)
    # Under the host's name the next process clears what this one leaves behind.
    app_trouble = AppTroubleReport(troubles, client.app_circuit, instance or socket.gethostname(), clock)
    upkeep = Upkeep(tokens, shops, stores, app_trouble, settings=settings, clock=clock)

    consent_flow = ConsentFlow(client, tokens, vault, stores, settings=settings, clock=clock)
    web = Web(
        Inbox(listings, authorizations, reviews, clock),
        consent_flow,
        app_key=settings.tiktok_app_key,
        app_secret=settings.tiktok_app_secret,
    )
    handlers = Handlers(jobs, positions, pauses, paused_shops, wake=workers.wake, clock=clock)
    runtime.consume("commands", [PUSH_COMMANDS], handlers.commands)
    runtime.add_routes([*web.routes(), *_internal_routes(runtime, settings, shops, stores, consent_flow)])
    runtime.background("relay", outbox.relay)
    runtime.background("workers", workers.run)
    runtime.background("reviews", reviews.run)
    runtime.background("keyring", keyring.run)
    runtime.background("upkeep", _repeat(upkeep.round, _UPKEEP))


def _process_name() -> str:
    """Tells several publishers on one host apart."""
    return f"{socket.gethostname()} (process {os.getpid()})"


def _situations(runtime: Runtime) -> Situations:
    situations = Situations(runtime.database)
    runtime.on_start(situations.look)
    return situations


def _tiktok_http(runtime: Runtime, settings: PublisherSettings) -> Connections:
    connections = Connections(
        timeout=settings.request_timeout.total_seconds(),
        ssl_context=web_context(runtime.common.http_tls_files),
        proxies=runtime.common.http_proxies(),
    )
    runtime.on_stop(connections.aclose)
    return connections


def _internal_routes(
    runtime: Runtime, settings: PublisherSettings, shops: Shops, stores: Stores, consent_flow: ConsentFlow
) -> list[Route]:
    """For the console; none without a token."""
    taxonomies = Taxonomies(runtime.database)
    runtime.on_start(taxonomies.ensure_indexes)
    if settings.internal_token is None:
        return []
    lives = Lives(settings.category_tree_life, settings.category_rules_life, settings.brands_life)
    taxonomy = Taxonomy(shops, taxonomies, stores.authorizations, lives=lives, clock=runtime.clock)
    return InternalApi(taxonomy, consent_flow, stores.catalogue, settings.internal_token).routes()


def _materials(runtime: Runtime, settings: PublisherSettings, cache: ImageCache) -> MaterialGatherer:
    fetcher = Fetcher(
        AllowedAddresses(allow_private=settings.image_allow_private),
        timeout=settings.image_timeout,
        max_bytes=settings.image_max_bytes,
        ssl_context=web_context(runtime.common.http_tls_files),
        proxies=runtime.common.http_proxies(),
    )
    runtime.on_stop(fetcher.aclose)
    categories = Categories(life=settings.category_rules_life, size=settings.category_rules_kept, clock=runtime.clock)
    return MaterialGatherer(ImageUploads(cache, fetcher, runtime.clock), categories)


def _repeat(action: Callable[[], Awaitable[None]], pause: timedelta) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        while True:
            raise_if_cancelled()
            await action()
            await asyncio.sleep(pause.total_seconds())

    return run
