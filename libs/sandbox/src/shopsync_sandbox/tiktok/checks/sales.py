from shopsync_sandbox.tiktok.bodies import SalesAttribute, SkuBody
from shopsync_sandbox.tiktok.checks.context import Context
from shopsync_sandbox.tiktok.checks.pictures import check_variant_image
from shopsync_sandbox.tiktok.checks.text import content_fault
from shopsync_sandbox.tiktok.codes import ApiError, Code
from shopsync_sandbox.tiktok.variations import attribute_key, value_key

KINDS_MAX = 3
NAME_MAX = 20
VALUE_MAX = 50


def check_sales_attributes(skus: list[SkuBody], context: Context) -> None:
    """The same kinds in every SKU, each combination once, names short, pictures on one kind only."""
    combinations: set[tuple[tuple[str, str], ...]] = set()
    kinds: set[str] | None = None
    pictured: set[str] = set()
    for sku in skus:
        attributes = sku.sales_attributes or []
        if len(attributes) > KINDS_MAX:
            raise ApiError(Code.SALES_ATTRIBUTES_TOO_MANY, f"a SKU has {len(attributes)} sales attributes, at most 3")
        pairs = [(_kind(attribute, context), _value(attribute, context)) for attribute in attributes]
        own = {kind for kind, _ in pairs}
        kinds = own if kinds is None else kinds
        if own != kinds or len(own) != len(pairs) or (not own and len(skus) > 1):
            raise ApiError(Code.SALES_ATTRIBUTES_DIFFER, "SKUs do not have one common set of sales attributes")
        combination = tuple(sorted(pairs))
        if combination in combinations:
            raise ApiError(Code.SALES_COMBINATION_TWICE, f"two SKUs have the same sales attributes {combination}")
        combinations.add(combination)
        pictured |= _pictured(attributes, context)
    if len(pictured) > 1:
        raise ApiError(Code.VARIANT_IMAGE_AXES, "sku_img is used on more than one sales attribute")
    if not kinds and any(sku.sales_attributes for sku in context.known_skus().values()):
        raise ApiError(Code.SALES_ATTRIBUTES_DIFFER, "at least one sales attribute must remain")


def _kind(attribute: SalesAttribute, context: Context) -> str:
    if not attribute.id:
        _check_text(attribute.name, NAME_MAX, Code.SALES_NAME_LENGTH, "sales attribute name")
    key = attribute_key(context.shop, context.catalogue, attribute)
    if key is None:
        raise ApiError(Code.SALES_ATTRIBUTE_UNKNOWN, f"sales attribute {attribute.id} does not exist")
    return key


def _value(attribute: SalesAttribute, context: Context) -> str:
    if not attribute.value_id:
        _check_text(attribute.value_name, VALUE_MAX, Code.SALES_VALUE_LENGTH, "sales attribute value")
    key = value_key(context.shop, context.catalogue, attribute)
    if key is None:
        raise ApiError(Code.SALES_VALUE_UNKNOWN, f"sales attribute value {attribute.value_id} does not exist")
    return key


def _check_text(text: str | None, limit: int, length_code: Code, what: str) -> None:
    if not text or not text.strip() or len(text) > limit:
        raise ApiError(length_code, f"{what} {text!r} must have 1 to {limit} characters")
    fault = content_fault(text)
    if fault:
        raise ApiError(Code.SALES_CHARACTERS, f"{what} {text!r} contains {fault}")


def _pictured(attributes: list[SalesAttribute], context: Context) -> set[str]:
    kinds: set[str] = set()
    for attribute in attributes:
        if attribute.sku_img is not None:
            check_variant_image(attribute.sku_img, context)
            kinds.add(_kind(attribute, context))
    return kinds
