from shopsync_contracts.events import ProductSnapshot
from shopsync_runtime.mongo import Database, Document


class CatalogueReader:
    """Reads `products` and `shops`, which the catalog owns."""

    def __init__(self, database: Database) -> None:
        self._products = database["products"]
        self._shops = database["shops"]

    async def product(self, shop_key: str, product_no: str) -> ProductSnapshot | None:
        """The merged product as it is now; None when there is none."""
        document = await self._products.find_one({"_id": f"{shop_key}/{product_no}"})
        return None if document is None else ProductSnapshot.from_document(document)

    async def category_version(self, shop_key: str) -> str | None:
        """The shop's category tree, `v1` or `v2`; None for a shop without settings."""
        return version_of(await self._shops.find_one({"_id": shop_key}, {"category_version": True}))


def version_of(settings: Document | None) -> str | None:
    """The category tree in a shop's settings, v1 by default; None without settings."""
    return None if settings is None else str(settings.get("category_version") or "v1")
