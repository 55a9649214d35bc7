"""The indexes of all services, in one database."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import AsyncMongoClient

from catalog.store.held_messages import HeldMessages
from catalog.store.products import ProductStore
from console.store import ActionStore, BulkReports, Notes, Sessions
from ingestor.store import ImportStore
from janitor.store import SweepStore
from publisher.store.app_troubles import AppTroubles
from publisher.store.authorizations import Authorizations
from publisher.store.image_cache import ImageCache
from publisher.store.jobs import Jobs
from publisher.store.listings import Listings
from publisher.store.positions import Positions
from publisher.store.taxonomies import Taxonomies
from publisher.store.token_keys import TokenKeys
from shopsync_accounts import Accounts
from shopsync_runtime.mongo import Database

_OF_THE_PUBLISHER = (AppTroubles, Authorizations, ImageCache, Jobs, Listings, Positions, Taxonomies, TokenKeys)
_STORES = (ProductStore, ImportStore, SweepStore, Accounts, ActionStore, BulkReports, Notes, *_OF_THE_PUBLISHER)

_PATIENCE_MS = 1000


async def make(server: tuple[str, int], name: str) -> None:
    """Make them as the services do when they start."""
    async with AsyncMongoClient[dict[str, Any]](
        *server, directConnection=True, serverSelectionTimeoutMS=_PATIENCE_MS
    ) as client:
        database = client[name]
        for store in (*(cls(database) for cls in _STORES), HeldMessages(database, ()), _sessions(database)):
            await store.ensure_indexes()
        await Authorizations(database).ensure_view()


def _sessions(database: Database) -> Sessions:
    length = timedelta(hours=1)
    return Sessions(database, idle=length, lifetime=length, clock=lambda: datetime.now(UTC))
