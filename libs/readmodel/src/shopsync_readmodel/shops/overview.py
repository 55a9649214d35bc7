"""Shops as MongoDB has them: settings, authorisation, open pushes, and what TikTok holds against the app."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from shopsync_readmodel.permitted import if_allowed, optional_by_id
from shopsync_readmodel.shops.authorization import AuthorizationStatus, authorization_status, consent_until
from shopsync_readmodel.shops.pauses import Pause, pause_of
from shopsync_readmodel.shops.settings import require_shop
from shopsync_runtime.mongo import Database, Document

_SHOWN = ("tiktok_shop_id", "seller_name", "scopes", "authorized_at", "access_expires_at", "webhook_url")
_UNKNOWN = AuthorizationStatus("unknown", "this user may not read authorization_states")


@dataclass(frozen=True, slots=True)
class AppTrouble:
    """TikTok refuses the app's calls from one replica of the publisher."""

    replica: str
    code: str
    message: str
    since: datetime

    @property
    def line(self) -> str:
        """For operators; no shop and no product can help it."""
        return f"TikTok Shop refuses the app, nothing is sent (publisher {self.replica}): {self.message} ({self.code})"


@dataclass(frozen=True, slots=True)
class ShopOverview:
    """`settings` None: not published yet. `authorization` never holds a token."""

    shop_key: str
    settings: Document | None
    status: AuthorizationStatus
    authorization: Document
    open_pushes: int | None = None
    pause: Pause | None = None

    def document(self) -> dict[str, Any]:
        """For JSON."""
        authorization = {
            **self.authorization,
            "state": self.status.state,
            "why": self.status.why or None,
            "who": self.status.who,
            "do": self.status.do or None,
        }
        return {
            "shop_key": self.shop_key,
            **(self.settings or {}),
            "authorization": authorization,
            "pushes_paused": None if self.pause is None else asdict(self.pause),
            **({} if self.open_pushes is None else {"open_pushes": self.open_pushes}),
        }


@dataclass(frozen=True, slots=True)
class _Consents:
    """Documents of `authorization_states` by shop; None for a user who may not read them."""

    documents: dict[str, Document] | None

    def status(self, shop_key: str, now: datetime) -> AuthorizationStatus:
        if self.documents is None:
            return _UNKNOWN
        return authorization_status(shop_key, self.documents.get(shop_key), now)

    def shown(self, shop_key: str) -> Document:
        consent = (self.documents or {}).get(shop_key)
        if consent is None:
            return {}
        return {**{name: consent.get(name) for name in _SHOWN}, "consent_until": consent_until(consent)}


async def read_shops(database: Database, now: datetime) -> list[ShopOverview]:
    """Every shop with settings or an authorisation, or that is paused, by key."""
    settings = {document.pop("_id"): document async for document in database["shops"].find()}
    consents = await _read_consents(database)
    pauses = await optional_by_id(database, "push_pauses")
    known = set(settings) | set(consents.documents or {})
    known |= {key for key, one in pauses.items() if pause_of(one) is not None}
    return [
        ShopOverview(
            shop_key=key,
            settings=settings.get(key),
            status=consents.status(key, now),
            authorization=consents.shown(key),
            pause=pause_of(pauses.get(key)),
        )
        for key in sorted(known)
    ]


async def read_shop(database: Database, shop_key: str, now: datetime) -> ShopOverview:
    """One shop. Raises NoShop."""
    consents = await _read_consents(database, shop_key)
    if not consents.documents:
        await require_shop(database, shop_key)
    pauses = await optional_by_id(database, "push_pauses", shop_key)
    return ShopOverview(
        shop_key=shop_key,
        settings=await database["shops"].find_one({"_id": shop_key}, {"_id": 0}),
        status=consents.status(shop_key, now),
        authorization=consents.shown(shop_key),
        open_pushes=await if_allowed(database["push_jobs"].count_documents({"shop_key": shop_key})),
        pause=pause_of(pauses.get(shop_key)),
    )


async def authorized_at(database: Database, shop_key: str) -> datetime | None:
    """When the consent in force was given; None when there is none. Raises when the user may not read it."""
    found = await database["authorization_states"].find_one({"_id": shop_key, "ended": None})
    return None if found is None else found.get("authorized_at")


async def read_app_troubles(database: Database) -> list[AppTrouble]:
    """Of every replica; none for a user who may not read them."""
    found = await if_allowed(database["app_troubles"].find().sort("_id", 1).to_list())
    return [AppTrouble(one["_id"], one["code"], one["message"], one["since"]) for one in found or ()]


async def _read_consents(database: Database, shop_key: str | None = None) -> _Consents:
    chosen = {} if shop_key is None else {"_id": shop_key}
    found = await if_allowed(database["authorization_states"].find(chosen).to_list())
    return _Consents(None if found is None else {document["_id"]: document for document in found})
