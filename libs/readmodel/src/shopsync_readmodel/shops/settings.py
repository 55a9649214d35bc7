"""A shop's settings as the catalog stores them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shopsync_contracts.events import SyncSettings, TaxDefaults
from shopsync_readmodel.errors import NoShop
from shopsync_runtime.mongo import Database

_NAMED = 20


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """連携設定, 消費税設定 and TikTok's category tree; the defaults where members are missing.

    `updated_at`: the time of their event.
    """

    sync: SyncSettings
    tax: TaxDefaults
    updated_at: datetime | None = None
    category_version: Literal["v1", "v2"] = "v1"


async def read_settings(database: Database, shop_key: str) -> ShopSettings | None:
    """None for a shop without settings."""
    document = await database["shops"].find_one({"_id": shop_key})
    if document is None:
        return None
    return ShopSettings(
        sync=SyncSettings.model_validate(document.get("sync") or {}, strict=False),
        tax=TaxDefaults.model_validate(document.get("tax") or {}, strict=False),
        updated_at=document.get("updated_at"),
        category_version=document.get("category_version") or "v1",
    )


async def require_shop(database: Database, shop_key: str) -> ShopSettings | None:
    """Its settings. Raises NoShop for one that has neither settings nor products."""
    settings = await read_settings(database, shop_key)
    if settings is None and await database["products"].find_one({"shop_key": shop_key}, {"_id": 1}) is None:
        raise await no_shop(database, shop_key)
    return settings


async def no_shop(database: Database, shop_key: str, *, asked_for: str | None = None) -> NoShop:
    """The error that names the shops there are."""
    found = await database["shops"].find({}, {"_id": 1}).sort("_id", 1).limit(_NAMED + 1).to_list()
    names = [str(one["_id"]) for one in found]
    known = ", ".join([*names[:_NAMED], *(["…"] if len(names) > _NAMED else [])]) or "none"
    return NoShop(shop_key, known, asked_for=asked_for)
