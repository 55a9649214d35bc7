"""What MongoDB knows about the products and shops of open actions."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from console.live.rules import HoldUp, Stored, standing
from shopsync_readmodel.shops.authorization import said_by_tiktok
from shopsync_readmodel.shops.conditions import read_conditions
from shopsync_readmodel.stored.effects import EditMarks
from shopsync_readmodel.stored.held import event_ids_of
from shopsync_readmodel.stored.layers import read_layers
from shopsync_readmodel.stored.push_results import READ as RESULT_FIELDS
from shopsync_readmodel.stored.push_results import PushResult, is_taken
from shopsync_readmodel.times import is_ahead
from shopsync_runtime.chunks import batched
from shopsync_runtime.mongo import Database, Document

_AT_ONCE = 500
_LAYERS = dict.fromkeys(("edits", "tool", "stock", "target", "edited_fields", "born_after", "burial"), 1)
_REVIEWS = ("in_review", "rejected")


class Situation:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def products(self, wanted: Mapping[tuple[str, str], datetime]) -> dict[tuple[str, str], Stored]:
        """Each product by shop and number, with the moment after which its deletion counts."""
        found: dict[tuple[str, str], Stored] = {}
        for some in batched(wanted, _AT_ONCE):
            ids = [f"{shop}/{number}" for shop, number in some]
            documents = {
                one["_id"]: one async for one in self._database["products"].find({"_id": {"$in": ids}}, _LAYERS)
            }
            held = await self._held(ids)
            gone = await self._deleted([one for one in ids if one not in documents])
            for key, one in zip(some, ids, strict=True):
                found[key] = _stored(documents.get(one), held.get(one, frozenset()), gone.get(one), wanted[key])
        return found

    async def _held(self, subjects: Sequence[str]) -> dict[str, frozenset[str]]:
        held: dict[str, set[str]] = {}
        async for one in self._database["held_messages"].find(
            {"subject": {"$in": list(subjects)}}, {"subject": 1, "value": 1}
        ):
            held.setdefault(one["subject"], set()).update(event_ids_of(one))
        return {subject: frozenset(ids) for subject, ids in held.items()}

    async def _deleted(self, ids: Sequence[str]) -> dict[str, datetime]:
        if not ids:
            return {}
        found = self._database["tombstones"].find({"_id": {"$in": list(ids)}}, {"deleted_at": 1})
        return {one["_id"]: one["deleted_at"] async for one in found}

    async def is_held(self, shop_key: str, event_ids: Sequence[str]) -> bool:
        """Whether one of these bulk edits waits for products."""
        held = (await self._held([shop_key])).get(shop_key, frozenset())
        return not held.isdisjoint(event_ids)

    async def carrying(self, shop_key: str, numbers: Sequence[str], marks: EditMarks, at: datetime) -> set[str]:
        """Which of these products have the edit of that time, or a later one."""
        done: set[str] = set()
        for some in batched(numbers, _AT_ONCE):
            stored = await self.products({(shop_key, number): at for number in some})
            done |= {
                number
                for (_, number), one in stored.items()
                if one.removed or standing(marks, at, one, settled=True) is not None
            }
        return done

    async def has_settings(self, shop_key: str, at: datetime, *, or_later: bool) -> bool:
        """Whether settings of that moment are stored, or later ones."""
        query = {"_id": shop_key, "updated_at": {"$gte": at} if or_later else at}
        return await self._database["shops"].find_one(query, {"_id": 1}) is not None

    async def has_pushes(self, shop_key: str) -> bool:
        """Whether the publisher has a push of this shop to do."""
        return await self._database["push_jobs"].find_one({"shop_key": shop_key}, {"_id": 1}) is not None

    async def taken(self, shop_key: str, results: Mapping[str, PushResult]) -> set[str]:
        """Of these products, by number, those into which the catalog has taken the result, or will take none."""
        taken: set[str] = set()
        for some in batched(results, _AT_ONCE):
            ids = [f"{shop_key}/{number}" for number in some]
            found = self._database["products"].find({"_id": {"$in": ids}}, dict.fromkeys(RESULT_FIELDS, 1))
            documents = {one["_id"]: one async for one in found}
            taken |= {
                number for number, one in zip(some, ids, strict=True) if is_taken(results[number], documents.get(one))
            }
        return taken

    async def statuses(self, shop_key: str, numbers: Sequence[str] | None) -> dict[str, int]:
        """How many of these products, or of the whole shop, are in review or were rejected."""
        chosen: Document = {"shop_key": shop_key}
        if numbers is not None:
            chosen = {"_id": {"$in": [f"{shop_key}/{number}" for number in numbers]}}
        return {
            status: await self._database["products"].count_documents({**chosen, "status": status})
            for status in _REVIEWS
        }

    async def hold_up(self, shop_key: str, now: datetime) -> HoldUp | None:
        """What keeps the shop's pushes from being sent, the strongest first."""
        conditions = await read_conditions(self._database, shop_key)
        consent, pace = conditions.consents.get(shop_key, {}), conditions.paces.get(shop_key, {})
        if (pause := conditions.pause(shop_key)) is not None:
            return HoldUp("paused", reason=pause.reason or None)
        if consent.get("ended"):
            return HoldUp("consent", reason=said_by_tiktok(consent["ended"]))
        if consent.get("blocked") and is_ahead(consent.get("blocked_until"), now):
            return HoldUp("blocked", consent["blocked_until"], said_by_tiktok(consent["blocked"]))
        if is_ahead(conditions.quota_until(shop_key), now):
            return HoldUp("quota", conditions.quota_until(shop_key))
        if is_ahead(pace.get("paused_until"), now):
            return HoldUp("slow", pace["paused_until"])
        return None


def _stored(document: Document | None, held: frozenset[str], deleted_at: datetime | None, since: datetime) -> Stored:
    if document is None:
        return Stored(held=held, removed=deleted_at is not None and deleted_at >= since)
    born_after = document.get("born_after")
    if "burial" in document or (born_after is not None and born_after > since):
        return Stored(held=held, removed=True)
    return Stored(read_layers(document), frozenset(document.get("edited_fields") or ()), held)
