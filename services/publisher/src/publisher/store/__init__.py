"""MongoDB: the only package that knows collections, indexes and queries."""

from publisher.store.app_troubles import AppTroubles
from publisher.store.authorizations import Authorization, Authorizations, SealedPair
from publisher.store.catalogue import CatalogueReader
from publisher.store.image_cache import ImageCache, KnownFile
from publisher.store.jobs import Jobs
from publisher.store.listings import Listings
from publisher.store.paces import Paces
from publisher.store.pauses import Pauses
from publisher.store.permissions import Permissions
from publisher.store.positions import Positions
from publisher.store.situations import Situation, Situations
from publisher.store.token_keys import TokenKeys

__all__ = [
    "AppTroubles",
    "Authorization",
    "Authorizations",
    "CatalogueReader",
    "ImageCache",
    "Jobs",
    "KnownFile",
    "Listings",
    "Paces",
    "Pauses",
    "Permissions",
    "Positions",
    "SealedPair",
    "Situation",
    "Situations",
    "TokenKeys",
]
