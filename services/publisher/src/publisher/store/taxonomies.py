"""TikTok's answers about categories, attributes and brands, as they are kept."""

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel, WriteConcern

from shopsync_runtime.mongo import Database

_QUICK = 1
"""zlib's level: a tree shrinks to an eighth in a few milliseconds."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What TikTok answered at `asked_at`, in our JSON; or its (code, message) when it refused the question."""

    asked_at: datetime
    content: bytes
    refused: tuple[str, str] | None = None


class Taxonomies:
    """`tiktok_taxonomies`: categories, their attributes and brands, by shop, tree and question.

    TikTok's answers differ by shop (permissions, authorised brands), so nothing is shared between shops (NV-13). An
    answer is compressed; of the largest reply that is accepted (8 MiB) it fits into a document even when it cannot be.
    The primary alone acknowledges writes: what a crash or a failover loses is asked again.
    """

    def __init__(self, database: Database) -> None:
        self._answers = database.get_collection("tiktok_taxonomies", write_concern=WriteConcern(w=1))

    async def ensure_indexes(self) -> None:
        """Answers that were not asked for again are removed."""
        await self._answers.create_indexes([IndexModel([("forget_at", ASCENDING)], expireAfterSeconds=0)])

    async def get(self, shop_key: str, question: str) -> KeptAnswer | None:
        """The last answer, however old; None when there is none."""
        document = await self._answers.find_one({"_id": f"{shop_key}/{question}"})
        if document is None:
            return None
        refused = document.get("refused")
        content = zlib.decompress(document["content"])
        return KeptAnswer(document["asked_at"], content, None if refused is None else (refused[0], refused[1]))

    async def put(self, shop_key: str, question: str, answer: KeptAnswer, *, kept_for: timedelta) -> None:
        """Store it in place of the last one."""
        fields = {
            "shop_key": shop_key,
            "asked_at": answer.asked_at,
            "forget_at": answer.asked_at + kept_for,
            "content": zlib.compress(answer.content, _QUICK),
            "refused": None if answer.refused is None else list(answer.refused),
        }
        await self._answers.update_one({"_id": f"{shop_key}/{question}"}, {"$set": fields}, upsert=True)
