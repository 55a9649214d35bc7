from collections.abc import Sequence

from publisher.concurrency.batching import Batcher
from shopsync_runtime.mongo import Database, Document


class Permissions:
    """Whether a product may be written to TikTok Shop, as it is stored at this moment (TG-6).

    A push asks right before each write. Questions that come at about the same time are one query.
    """

    def __init__(self, database: Database) -> None:
        self._products = database["products"]
        self._reads = Batcher(self._read)

    async def given(self, shop_key: str, product_no: str) -> bool:
        """Whether the product exists and is ON (連携対象), and its shop is not paused. Reads after it was called."""
        return await self._reads.run((shop_key, product_no))

    async def _read(self, wanted: Sequence[tuple[str, str]]) -> list[bool]:
        shops = list({shop_key for shop_key, _ in wanted})
        subjects = [f"{shop_key}/{product_no}" for shop_key, product_no in wanted]
        # The id of a pause is a shop key, that of a product has a slash: they cannot be equal.
        only_ids: Document = {"$project": {"_id": True}}
        paused: list[Document] = [{"$match": {"_id": {"$in": shops}, "paused": True}}, only_ids]
        found = await self._products.aggregate(
            [
                {"$match": {"_id": {"$in": subjects}, "sync_enabled": True}},
                only_ids,
                {"$unionWith": {"coll": "push_pauses", "pipeline": paused}},
            ]
        )
        ids = {document["_id"] async for document in found}
        return [subject in ids and shop_key not in ids for subject, (shop_key, _) in zip(subjects, wanted, strict=True)]
