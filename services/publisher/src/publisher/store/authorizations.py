from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError, OperationFailure

from publisher.model import ShopState
from shopsync_runtime.mongo import Database, Document

_NAMESPACE_EXISTS = 48
_SECOND = timedelta(seconds=1)
_REMEMBERED_NOTIFICATIONS = 20
_VIEW: list[dict[str, Any]] = [{"$unset": ["access_token", "refresh_token", "cipher"]}]


@dataclass(frozen=True, slots=True)
class Authorization:
    """One shop's consent. Tokens are encrypted; `version` grows with every new pair. Times are in UTC.

    `expires_at`: the end of the consent as TikTok announced it by webhook, else the refresh token's expiry counts.
    `sealed_with`: the fingerprint of the tokens' key; None in records of versions that did not store it.
    `ended`, `blocked`: TikTok's (code, message).
    """

    shop_key: str
    tiktok_shop_id: str
    cipher: str
    access_token: bytes
    refresh_token: bytes
    access_expires_at: datetime
    refresh_expires_at: datetime
    seller_name: str
    scopes: tuple[str, ...]
    version: int = 1
    ended: tuple[str, str] | None = None
    webhook_url: str | None = None
    authorized_at: datetime | None = None
    expires_at: datetime | None = None
    sealed_with: str | None = None
    blocked: tuple[str, str] | None = None
    blocked_until: datetime | None = None

    @property
    def consent_until(self) -> datetime:
        """When the consent ends, unless the merchant authorises again before."""
        return self.refresh_expires_at if self.expires_at is None else min(self.refresh_expires_at, self.expires_at)


@dataclass(frozen=True, slots=True)
class SealedPair:
    """Both tokens encrypted, and the fingerprint of the key. Expiries are in UTC."""

    access_token: bytes
    refresh_token: bytes
    sealed_with: str
    access_expires_at: datetime
    refresh_expires_at: datetime


class Authorizations:
    """`authorizations`: the TikTok shop that a shop key is bound to, its tokens, and why TikTok refuses it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._authorizations = database["authorizations"]

    async def ensure_indexes(self) -> None:
        """The unique index keeps a TikTok shop bound to one shop key (NV-13)."""
        await self._authorizations.create_indexes([IndexModel([("tiktok_shop_id", ASCENDING)], unique=True)])

    async def ensure_view(self) -> None:
        """`authorization_states`: a view without tokens and ciphers, for operators."""
        view = self._database["authorization_states"]
        try:
            # PyMongo's check whether it exists would need the right to list all collections.
            await self._database.create_collection(
                view.name, viewOn=self._authorizations.name, pipeline=_VIEW, check_exists=False
            )
        except OperationFailure as error:
            if error.code != _NAMESPACE_EXISTS:
                raise
            await self._database.command("collMod", view.name, viewOn=self._authorizations.name, pipeline=_VIEW)

    async def get(self, shop_key: str) -> Authorization | None:
        """The shop's consent, also when it has ended."""
        document = await self._authorizations.find_one({"_id": shop_key})
        return None if document is None else _authorization(document)

    async def shop_of(self, tiktok_shop_id: str) -> str | None:
        """The shop key that a TikTok shop is bound to."""
        document = await self._authorizations.find_one({"tiktok_shop_id": tiktok_shop_id}, {"_id": True})
        return None if document is None else str(document["_id"])

    async def bind(self, authorization: Authorization) -> bool:
        """Store a new consent in place of the old. False when the TikTok shop belongs to another shop key."""
        fields = {
            **_fields(authorization),
            "ended": None,
            "blocked": None,
            "blocked_until": None,
            "quota_until": None,
            "refresh_lease_until": None,
            "webhook_url": None,
            "expires_at": None,
        }
        try:
            await self._authorizations.update_one(
                {"_id": authorization.shop_key}, {"$set": fields, "$inc": {"version": 1}}, upsert=True
            )
        except DuplicateKeyError:
            return False
        return True

    async def claim_refresh(self, shop_key: str, version: int, *, now: datetime, lease: timedelta) -> bool:
        """Lease the refresh of this pair. False: another replica has it, or the pair was replaced."""
        result = await self._authorizations.update_one(
            {"_id": shop_key, "version": version, "$or": _free(now)}, {"$set": {"refresh_lease_until": now + lease}}
        )
        return result.matched_count == 1

    async def release_refresh(self, shop_key: str, version: int) -> None:
        """Give up the lease: the pair was not refreshed."""
        update = {"$set": {"refresh_lease_until": None}}
        await self._authorizations.update_one({"_id": shop_key, "version": version}, update)

    async def replace_pair(self, shop_key: str, version: int, pair: SealedPair) -> bool:
        """Replace the pair of this version, both tokens in one write. False when there is a newer pair."""
        fields = {
            "access_token": pair.access_token,
            "refresh_token": pair.refresh_token,
            "sealed_with": pair.sealed_with,
            "access_expires_at": pair.access_expires_at,
            "refresh_expires_at": pair.refresh_expires_at,
            "refresh_lease_until": None,
            "ended": None,
        }
        result = await self._authorizations.update_one(
            {"_id": shop_key, "version": version}, {"$set": fields, "$inc": {"version": 1}}
        )
        return result.matched_count == 1

    async def reseal(self, before: Authorization, access: bytes, refresh: bytes, sealed_with: str) -> bool:
        """Store the same pair encrypted with another key. False when they were written since `before` was read."""
        fields = {"access_token": access, "refresh_token": refresh, "sealed_with": sealed_with}
        return (await self._authorizations.update_one(_same_tokens(before), {"$set": fields})).matched_count == 1

    async def note_key(self, before: Authorization, sealed_with: str) -> None:
        """Store the fingerprint of the tokens' key, which records of earlier versions lack."""
        await self._authorizations.update_one(_same_tokens(before), {"$set": {"sealed_with": sealed_with}})

    async def end(self, shop_key: str, version: int, cause: tuple[str, str]) -> bool:
        """The consent of this pair has ended. False when that is known, or when there is a newer pair."""
        update = {"$set": {"ended": list(cause), "refresh_lease_until": None}}
        query = {"_id": shop_key, "version": version, "ended": None}
        return (await self._authorizations.update_one(query, update)).matched_count == 1

    async def withdrawn(self, shop_key: str, cause: tuple[str, str], at: datetime, notification_id: str) -> bool:
        """The seller withdrew the consent at `at`, to the second. False for a repeat, and when the consent is newer.

        When a clock is off this may be decided wrongly; then the next call to TikTok shows that it has ended.
        """
        query = {
            **_unseen(shop_key, notification_id),
            "ended": None,
            "$or": [
                {"authorized_at": None},
                {"authorized_at": {"$lt": at + _SECOND}},
            ],
        }
        update = {**_seen(notification_id), "$set": {"ended": list(cause), "refresh_lease_until": None}}
        return (await self._authorizations.update_one(query, update)).matched_count == 1

    async def expires(self, shop_key: str, at: datetime | None, notification_id: str) -> bool:
        """TikTok announced that the consent ends at `at`. False for a repeat."""
        update: dict[str, Any] = _seen(notification_id)
        if at is not None:
            update["$set"] = {"expires_at": at}
        return (await self._authorizations.update_one(_unseen(shop_key, notification_id), update)).matched_count == 1

    async def block(self, shop_key: str, cause: tuple[str, str], until: datetime) -> None:
        """TikTok refuses the whole shop: nothing is sent before `until`."""
        update = {"$set": {"blocked": list(cause), "blocked_until": until}}
        await self._authorizations.update_one({"_id": shop_key}, update)

    async def block_unreadable(self, before: Authorization, cause: tuple[str, str], until: datetime) -> None:
        """Block the shop because no replica can decrypt these tokens, unless they were written since."""
        update = {"$set": {"blocked": list(cause), "blocked_until": until}}
        await self._authorizations.update_one(_same_tokens(before), update)

    async def unblock(self, shop_key: str, code: str) -> bool:
        """End a block with this code. False when the shop was not blocked by it."""
        update = {"$set": {"blocked": None, "blocked_until": None}}
        return (await self._authorizations.update_one({"_id": shop_key, "blocked.0": code}, update)).matched_count == 1

    async def pause_listing(self, shop_key: str, until: datetime) -> None:
        """The shop may list no more products today: creates wait until then, edits go on (RB-11)."""
        await self._authorizations.update_one({"_id": shop_key}, {"$set": {"quota_until": until}})

    async def expiring(self, before: datetime) -> list[Authorization]:
        """Consents that have not ended and whose access token expires before then."""
        found = self._authorizations.find({"access_expires_at": {"$lt": before}, "ended": None})
        return [_authorization(document) async for document in found]

    async def all(self) -> list[Authorization]:
        """Every consent, also those that have ended."""
        return [_authorization(document) async for document in self._authorizations.find()]

    async def without_webhook(self, url: str) -> list[str]:
        """Shop keys whose consent has not ended and whose webhooks are not registered at this address."""
        found = self._authorizations.find({"webhook_url": {"$ne": url}, "ended": None}, {"_id": True})
        return [str(document["_id"]) async for document in found]

    async def webhook_registered(self, shop_key: str, url: str) -> None:
        """The shop's webhooks are registered at this address."""
        await self._authorizations.update_one({"_id": shop_key}, {"$set": {"webhook_url": url}})


def shop_state(document: Document | None) -> ShopState:
    """What a push has to know of the authorisation. `document` None: there is none."""
    if document is None:
        return ShopState(authorized=False)
    return ShopState(
        authorized=True,
        ended=_cause(document.get("ended")),
        blocked=_cause(document.get("blocked")),
        blocked_until=document.get("blocked_until"),
        quota_until=document.get("quota_until"),
    )


def _same_tokens(authorization: Authorization) -> dict[str, Any]:
    return {
        "_id": authorization.shop_key,
        "version": authorization.version,
        "access_token": authorization.access_token,
        "refresh_token": authorization.refresh_token,
    }


def _free(now: datetime) -> list[dict[str, Any]]:
    return [{"refresh_lease_until": None}, {"refresh_lease_until": {"$lte": now}}]


def _unseen(shop_key: str, notification_id: str) -> dict[str, Any]:
    return {"_id": shop_key, "notifications": {"$ne": notification_id}}


def _seen(notification_id: str) -> dict[str, Any]:
    return {"$push": {"notifications": {"$each": [notification_id], "$slice": -_REMEMBERED_NOTIFICATIONS}}}


def _cause(value: Any) -> tuple[str, str] | None:
    return None if value is None else (str(value[0]), str(value[1]))


def _fields(authorization: Authorization) -> Document:
    return {
        "tiktok_shop_id": authorization.tiktok_shop_id,
        "cipher": authorization.cipher,
        "access_token": authorization.access_token,
        "refresh_token": authorization.refresh_token,
        "access_expires_at": authorization.access_expires_at,
        "refresh_expires_at": authorization.refresh_expires_at,
        "seller_name": authorization.seller_name,
        "scopes": list(authorization.scopes),
        "authorized_at": authorization.authorized_at,
        "sealed_with": authorization.sealed_with,
    }


def _authorization(document: Document) -> Authorization:
    return Authorization(
        shop_key=document["_id"],
        tiktok_shop_id=document["tiktok_shop_id"],
        cipher=document["cipher"],
        access_token=document["access_token"],
        refresh_token=document["refresh_token"],
        access_expires_at=document["access_expires_at"],
        refresh_expires_at=document["refresh_expires_at"],
        seller_name=document.get("seller_name", ""),
        scopes=tuple(document.get("scopes") or ()),
        version=document["version"],
        ended=_cause(document.get("ended")),
        webhook_url=document.get("webhook_url"),
        authorized_at=document.get("authorized_at"),
        expires_at=document.get("expires_at"),
        sealed_with=document.get("sealed_with"),
        blocked=_cause(document.get("blocked")),
        blocked_until=document.get("blocked_until"),
    )
