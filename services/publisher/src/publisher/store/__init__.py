"""MongoDB: the only package that knows collections, indexes and queries."""

from publisher.store.authorizations import Authorization, Authorizations
from publisher.store.catalogue import CatalogueReader
from publisher.store.images import ImageCache, KnownFile
from publisher.store.jobs import Jobs
from publisher.store.listings import Listings, OutboxEntry

__all__ = [
    "Authorization",
    "Authorizations",
    "CatalogueReader",
    "ImageCache",
    "Jobs",
    "KnownFile",
    "Listings",
    "OutboxEntry",
]
