"""MongoDB: the only package that knows collections, indexes and queries."""

from publisher.store.app_troubles import AppTroubles
from publisher.store.authorizations import Authorization, Authorizations
from publisher.store.catalogue import CatalogueReader
from publisher.store.images import ImageCache, KnownFile
from publisher.store.jobs import Jobs
from publisher.store.listings import Listings, OutboxEntry
from publisher.store.paces import Paces

__all__ = [
    "AppTroubles",
    "Authorization",
    "Authorizations",
    "CatalogueReader",
    "ImageCache",
    "Jobs",
    "KnownFile",
    "Listings",
    "OutboxEntry",
    "Paces",
]
