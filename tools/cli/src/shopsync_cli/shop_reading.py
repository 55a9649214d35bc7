"""A shop as MongoDB has it: settings, standing with TikTok Shop, open pushes, and what TikTok holds against the app."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from shopsync_cli.authorization import Standing, consent_until, standing
from shopsync_cli.optional_reading import if_allowed, optional_by_id
from shopsync_cli.product_reading import require_shop
from shopsync_cli.pushes import Pause, pause_of
from shopsync_runtime.mongo import Database, Document

_SHOWN = ("tiktok_shop_id", "seller_name", "scopes", "authorized_at", "access_expires_at", "webhook_url")
_UNKNOWN = Standing("unknown", "this user may not read authorization_states")


@dataclass(frozen=True, slots=True)
class AppTrouble:
    """TikTok refuses the app's calls from one replica of the publisher."""

    replica: str
    code: str
    message: str
    since: datetime

    @property
    def line(self) -> str:
        """For operators; it is no shop's and no product's fault."""
        return f"TikTok Shop refuses the app, nothing is sent (publisher {self.replica}): {self.message} ({self.code})"


@dataclass(frozen=True, slots=True)
class ShopView:
    """`settings` None: not published yet. `authorization` never holds a token."""

    shop_key: str
    settings: Document | None
    standing: Standing
    authorization: Document
    open_pushes: int | None = None
    pause: Pause | None = None

    def document(self) -> dict[str, Any]:
        """For JSON."""
        told = {**self.authorization, "state": self.standing.state, "why": self.standing.why or None,
                "who": self.standing.who, "do": self.standing.do or None}  # fmt: skip
        more = {} if self.open_pushes is None else {"open_pushes": self.open_pushes}
        pause = None if self.pause is None else asdict(self.pause)
        return {
            "shop_key": self.shop_key,
            **(self.settings or {}),
            "authorization": told,
            "pushes_paused": pause,
            **more,
        }


async def read_shops(database: Database, now: datetime) -> list[ShopView]:
    """Every shop with settings or an authorisation, by key."""
    settings = {document.pop("_id"): document async for document in database["shops"].find()}
    consents = await _consents(database)
    pauses = await optional_by_id(database, "push_pauses")
    known = set(settings) | set(consents or {}) | {key for key, one in pauses.items() if pause_of(one) is not None}
    views = (_view(key, settings.get(key), consents, now) for key in sorted(known))
    return [replace(view, pause=pause_of(pauses.get(view.shop_key))) for view in views]


async def read_shop_view(database: Database, shop_key: str, now: datetime) -> ShopView:
    """One shop. Raises CommandFailed that names the shops there are."""
    consents = await _consents(database, shop_key)
    if not consents:
        await require_shop(database, shop_key)
    settings = await database["shops"].find_one({"_id": shop_key}, {"_id": 0})
    pauses = await optional_by_id(database, "push_pauses", shop_key)
    view = _view(shop_key, settings, consents, now, await _open_pushes(database, shop_key))
    return replace(view, pause=pause_of(pauses.get(shop_key)))


async def authorized_at(database: Database, shop_key: str) -> datetime | None:
    """When the shop's living consent was given; None when there is none. Raises when it may not be read."""
    found = await database["authorization_states"].find_one({"_id": shop_key, "ended": None})
    return None if found is None else found.get("authorized_at")


async def pause_is_stored(database: Database, shop_key: str, set_at: datetime) -> bool:
    """Whether the publisher has stored what was said at that moment (milliseconds count), or something later."""
    stored_at = set_at.replace(microsecond=set_at.microsecond // 1000 * 1000)
    found = await database["push_pauses"].find_one({"_id": shop_key, "set_at": {"$gte": stored_at}}, {"_id": 1})
    return found is not None


async def read_app_troubles(database: Database) -> list[AppTrouble]:
    """Of every replica; empty too for who may not read them."""
    found = await if_allowed(database["app_troubles"].find().sort("_id", 1).to_list())
    return [AppTrouble(one["_id"], one["code"], one["message"], one["since"]) for one in found or ()]


async def _consents(database: Database, shop_key: str | None = None) -> dict[str, Document] | None:
    chosen = {} if shop_key is None else {"_id": shop_key}
    found = await if_allowed(database["authorization_states"].find(chosen).to_list())
    return None if found is None else {document["_id"]: document for document in found}


async def _open_pushes(database: Database, shop_key: str) -> int | None:
    return await if_allowed(database["push_jobs"].count_documents({"shop_key": shop_key}))


def _view(
    shop_key: str, settings: Document | None, consents: dict[str, Document] | None, now: datetime,
    open_pushes: int | None = None,
) -> ShopView:  # fmt: skip
    if consents is None:
        return ShopView(shop_key, settings, _UNKNOWN, {}, open_pushes)
    consent = consents.get(shop_key)
    shown: Document = {}
    if consent is not None:
        shown = {**{name: consent.get(name) for name in _SHOWN}, "consent_until": consent_until(consent)}
    return ShopView(shop_key, settings, standing(shop_key, consent, now), shown, open_pushes)
