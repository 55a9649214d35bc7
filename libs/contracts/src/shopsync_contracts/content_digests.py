"""A short digest of each value of a product: whether it is what was sent can be told without keeping what was sent."""

import hashlib
import json
from typing import Final

from shopsync_contracts.events import ProductSnapshot

_LENGTH: Final = 16
"""Characters of the digest: enough for one value beside its former one."""


def content_digests(product: ProductSnapshot) -> dict[str, str]:
    """By the names of the snapshot's content. The price is that of all SKUs."""
    content = product.content.model_dump(mode="json")
    content["price"] = [content["price"], [[sku.vertical_no, sku.horizontal_no, sku.price] for sku in product.skus]]
    return {name: _digest(value) for name, value in content.items()}


def _digest(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]
