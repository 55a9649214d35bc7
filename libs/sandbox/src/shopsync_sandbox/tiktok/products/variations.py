"""Sales attributes (variations). Custom names and values get ids that are stable within a shop."""

from shopsync_sandbox.tiktok.identity import Ids
from shopsync_sandbox.tiktok.protocol.bodies import SalesAttribute
from shopsync_sandbox.tiktok.state.model import Shop
from shopsync_sandbox.tiktok.taxonomy.catalogue import Catalogue


def attribute_key(shop: Shop, catalogue: Catalogue, sent: SalesAttribute) -> str | None:
    """The attribute's name, which identifies it; None when its id is unknown. An id takes precedence over a name."""
    if not sent.id:
        return sent.name
    built_in = catalogue.sales_attribute(sent.id)
    return built_in.name if built_in else shop.custom_names.get(sent.id)


def value_key(shop: Shop, catalogue: Catalogue, sent: SalesAttribute) -> str | None:
    """The value's name; None when its id is unknown."""
    if not sent.value_id:
        return sent.value_name
    built_in = catalogue.sales_attribute(sent.id or "")
    own = built_in.values.get(sent.value_id) if built_in else None
    return own or shop.custom_names.get(sent.value_id)


def resolve(shop: Shop, catalogue: Catalogue, ids: Ids, sent: SalesAttribute) -> SalesAttribute:
    """The attribute with all ids and names filled in. Unknown ids in a draft are kept as sent."""
    name = attribute_key(shop, catalogue, sent) or sent.name or ""
    attribute_id = sent.id or _attribute_id(shop, catalogue, ids, name)
    value = value_key(shop, catalogue, sent) or sent.value_name or ""
    value_id = sent.value_id or _value_id(shop, catalogue, ids, attribute_id, value)
    more = sent.supplementary_sku_images
    return SalesAttribute(
        id=attribute_id,
        name=name,
        value_id=value_id,
        value_name=value,
        sku_img=sent.sku_img,
        supplementary_sku_images=more,
    )


def _attribute_id(shop: Shop, catalogue: Catalogue, ids: Ids, name: str) -> str:
    built_in = catalogue.sales_attribute_named(name)
    return built_in.id if built_in else _custom(shop, ids, (name, ""), name)


def _value_id(shop: Shop, catalogue: Catalogue, ids: Ids, attribute_id: str, value: str) -> str:
    return catalogue.sales_value_id(attribute_id, value) or _custom(shop, ids, (attribute_id, value), value)


def _custom(shop: Shop, ids: Ids, key: tuple[str, str], name: str) -> str:
    if key not in shop.custom_ids:
        shop.custom_ids[key] = ids.next()
        shop.custom_names[shop.custom_ids[key]] = name
    return shop.custom_ids[key]
