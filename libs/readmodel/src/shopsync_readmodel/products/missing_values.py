"""Values that a product lacks before it can be sent, and who can enter them. Pure."""

from collections.abc import Mapping

from shopsync_contracts.events import ProductSnapshot, SnapshotError, SnapshotSku
from shopsync_readmodel.actors import Actor, Cause
from shopsync_readmodel.products import cause_words as say
from shopsync_readmodel.products.field_names import field_name, sku_number
from shopsync_readmodel.products.own_words import in_japanese, in_plain_english, reported
from shopsync_readmodel.products.product import StoredProduct
from shopsync_readmodel.stored.layers import UPSTREAM_FIELDS, SkuNo
from shopsync_readmodel.words import Words

_UPSTREAM = (*UPSTREAM_FIELDS, "axes", "skus")
_ONE_BY_ONE = ("attributes", "size_chart_image")
"""No bulk edit has an input for these."""


def missing_value(
    name: str, found: StoredProduct, snapshot: ProductSnapshot, attributes: Mapping[str, str] | None = None
) -> Cause:
    """Who can enter it, and where. `name`: as the snapshot lists it in `missing`.

    `attributes`: names of TikTok's attributes by their ids, as far as they are known.
    """
    root = name.partition("[")[0].partition(".")[0]
    is_stock = name == "stock" or name.endswith(".stock")
    who = Actor.FUTURESHOP if root in _UPSTREAM and not is_stock else Actor.TOOL
    place = say.IN_FUTURESHOP_OR_HERE
    if who is Actor.FUTURESHOP and root not in UPSTREAM_FIELDS:
        place = say.PRICE_IN_FUTURESHOP if name.endswith(".price") else say.IN_FUTURESHOP
    if who is Actor.TOOL or root in snapshot.edited_fields:
        who, place = Actor.TOOL, _PLACES[_has_value(name, root, snapshot), root in _ONE_BY_ONE]
    elif snapshot.removed_upstream is not None and root in UPSTREAM_FIELDS:
        who, place = Actor.TOOL, say.ENTER_HERE
    if is_stock:
        place = say.ENTER_STOCK
    fault = _what_is_missing(name, found, snapshot)
    return Cause.of(who, say.MISSING.fill(field=field_name(name, attributes), fault=fault), place)


_PLACES = {
    (False, False): say.ENTER,
    (False, True): say.ENTER_IN_PRODUCT,
    (True, False): say.CORRECT_IT,
    (True, True): say.CORRECT_IN_PRODUCT,
}
"""By whether there is a value that is not accepted, and whether only the product's page has an input for it."""


def _has_value(name: str, root: str, snapshot: ProductSnapshot) -> bool:
    content = snapshot.content
    if root == "attributes":
        return any(name in {root, f"{root}.{one.id}"} for one in content.attributes)
    if root == "package_dimensions_cm":
        size = content.package_dimensions_cm
        return size is not None and all((size.length, size.width, size.height))
    return bool(getattr(content, root, None))


def _what_is_missing(name: str, found: StoredProduct, snapshot: ProductSnapshot) -> Words:
    outcome = found.layers.listing.outcome
    is_refused = outcome is not None and outcome.content_version == snapshot.content_version
    if is_refused and outcome is not None and outcome.kind == "incomplete" and name in outcome.missing:
        return _refusal(name, snapshot.error)
    if name == "stock":
        return _without_stock(found, snapshot)
    if name == "price":
        blank = [_sku(sku.vertical_no, sku.horizontal_no) for sku in snapshot.skus if not sku.price]
        return say.NONE_FOR.fill(skus=_few(blank)) if len(snapshot.skus) > 1 and blank else say.NO_PRICE
    if name == "package_dimensions_cm":
        size = snapshot.content.package_dimensions_cm
        sides = [side for side in say.SIDES_JA if size is None or not getattr(size, side)]
        return say.SIDES_BLANK.fill(sides=", ".join(sides), sides_ja="・".join(say.SIDES_JA[side] for side in sides))
    return say.BLANK


def _refusal(name: str, error: SnapshotError | None) -> Words:
    """The publisher's text: its part about this field where there is one, else the whole."""
    if error is None:
        return say.REFUSED
    own = [part.removeprefix(f"{name}: ") for part in error.message.split("; ") if part.startswith(f"{name}: ")]
    if not own:
        return reported(error.message)
    return Words("; ".join(own), "。".join(map(in_japanese, own)), "; ".join(map(in_plain_english, own)))


def _without_stock(found: StoredProduct, snapshot: ProductSnapshot) -> Words:
    """Which SKUs have no number, and which have 0."""
    lacking = [
        sku for sku in snapshot.skus if not sku.stock and not _is_sent(found, (sku.vertical_no, sku.horizontal_no))
    ]
    blank = _few([_sku_without_number(sku) for sku in lacking if sku.stock is None])
    zero = _few([_sku(sku.vertical_no, sku.horizontal_no) for sku in lacking if sku.stock is not None])
    told = [words.fill(skus=skus) for words, skus in ((say.NONE_FOR, blank), (say.ZERO_FOR, zero)) if skus is not None]
    if not told:
        return say.NONE_FOR.fill(skus=say.A_SKU)
    return Words(
        "; ".join(one.english for one in told),
        "。".join(one.japanese for one in told),
        "; ".join(one.plain for one in told),
    )


def _is_sent(found: StoredProduct, number: SkuNo) -> bool:
    stock = found.layers.stock.get(number)
    return stock is not None and stock.sent is not None


def _sku_without_number(sku: SnapshotSku) -> Words:
    """在庫有り: futureshop sells it without counting (ST-7)."""
    number = _sku(sku.vertical_no, sku.horizontal_no)
    return (
        Words("{sku} (在庫有り)", "{sku}（在庫有り）", "{sku} (in stock, without a number)").fill(sku=number)
        if sku.stock_unmanaged
        else number
    )


def _sku(vertical: str, horizontal: str) -> Words:
    """In English as the command's table has it, in Japanese as 商品詳細 does."""
    number = sku_number(vertical, horizontal)
    return Words(f"{vertical}:{horizontal}", number) if number else say.ONLY_SKU


def _few(skus: list[Words]) -> Words | None:
    if not skus:
        return None
    more = len(skus) - 5
    return Words(
        ", ".join(sku.english for sku in skus[:5]) + (f" and {more} more" if more > 0 else ""),
        "、".join(sku.japanese for sku in skus[:5]) + (f"ほか{more}件" if more > 0 else ""),
        ", ".join(sku.plain or sku.english for sku in skus[:5]) + (f" and {more} more" if more > 0 else ""),
    )
