"""MongoDB: the only package that knows collections, indexes and queries."""

from dataclasses import dataclass

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
from publisher.store.taxonomies import KeptAnswer, Taxonomies
from publisher.store.token_keys import TokenKeys
from shopsync_runtime.mongo import Database

__all__ = [
    "AppTroubles",
    "Authorization",
    "Authorizations",
    "CatalogueReader",
    "ImageCache",
    "Jobs",
    "KeptAnswer",
    "KnownFile",
    "Listings",
    "Paces",
    "Pauses",
    "Permissions",
    "Positions",
    "SealedPair",
    "Situation",
    "Situations",
    "Stores",
    "Taxonomies",
    "TokenKeys",
]


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of one database that several agents share."""

    authorizations: Authorizations
    catalogue: CatalogueReader
    jobs: Jobs
    listings: Listings
    token_keys: TokenKeys

    @classmethod
    def of(cls, database: Database) -> "Stores":
        """Over the publisher's database."""
        return cls(
            Authorizations(database), CatalogueReader(database), Jobs(database), Listings(database), TokenKeys(database)
        )
