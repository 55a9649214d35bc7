import re
from collections.abc import Sequence

from shopsync_sandbox.tiktok.products.checks.context import Context
from shopsync_sandbox.tiktok.products.checks.pictures import SUPPLEMENTARY_MAX, check_variant_image
from shopsync_sandbox.tiktok.products.checks.text import check_chinese, text_fault
from shopsync_sandbox.tiktok.products.variations import attribute_key, value_key
from shopsync_sandbox.tiktok.protocol.bodies import SalesAttribute, SkuBody
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code

KINDS_MAX = 3
NAME_MAX = 20
VALUE_MAX = 50
_BRACKETS = re.compile("[<>]")


def check_sales_attributes(skus: Sequence[SkuBody], context: Context) -> None:
    """Check that every SKU has the same kinds, each combination once, short names, and pictures on one kind only."""
    _SalesCheck(context).check(skus)


class _SalesCheck:
    """One pass over the SKUs. Each text is checked once, because 300 SKUs repeat a few names."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._seen_texts: set[tuple[str, Code]] = set()
        self._values: dict[str, set[str]] = {}
        #: kind -> value -> whether it has a picture
        self._pictures: dict[str, dict[str, bool]] = {}

    def check(self, skus: Sequence[SkuBody]) -> None:
        pairs = [self._pairs(sku.sales_attributes or []) for sku in skus]
        self._check_combinations(pairs)
        most = self._context.settings.max_values_per_attribute
        for kind, values in self._values.items():
            if len(values) > most:
                raise ApiError(Code.SALES_VALUES_TOO_MANY, f"sales attribute {kind!r} has more than {most} values")
        self._check_pictures()
        if not pairs[0] and any(sku.sales_attributes for sku in self._context.skus.values()):
            raise ApiError(Code.SALES_ATTRIBUTES_DIFFER, "at least one sales attribute must remain")

    def _pairs(self, attributes: Sequence[SalesAttribute]) -> dict[str, str]:
        """The values of one SKU, by kind."""
        if len(attributes) > KINDS_MAX:
            raise ApiError(Code.SALES_ATTRIBUTES_TOO_MANY, f"a SKU has {len(attributes)} sales attributes, at most 3")
        pairs: dict[str, str] = {}
        for attribute in attributes:
            kind, value = self._kind(attribute), self._value(attribute)
            if kind in pairs:
                raise ApiError(Code.ATTRIBUTE_NAME_TWICE, f"a SKU has the sales attribute {kind!r} twice")
            pairs[kind] = value
            self._values.setdefault(kind, set()).add(value)
            self._record_picture(kind, value, attribute)
        return pairs

    def _check_combinations(self, found: Sequence[dict[str, str]]) -> None:
        if len(found) > 1 and not any(found):
            raise ApiError(Code.SKU_DEFAULT_TWICE, "several SKUs have no sales attributes")
        kinds = found[0].keys()
        combinations: set[tuple[str, ...]] = set()
        for pairs in found:
            if pairs.keys() != kinds:
                raise ApiError(Code.SALES_ATTRIBUTES_DIFFER, "SKUs do not have one common set of sales attributes")
            combination = tuple(pairs[kind] for kind in kinds)
            if combination in combinations:
                raise ApiError(Code.SALES_COMBINATION_TWICE, f"two SKUs have the same sales attributes {combination}")
            combinations.add(combination)

    def _kind(self, attribute: SalesAttribute) -> str:
        context = self._context
        if not attribute.id:
            if not (attribute.name or "").strip():
                raise ApiError(Code.ATTRIBUTE_UNNAMED, "a sales attribute has neither id nor name")
            self._check_name(attribute.name or "")
        key = attribute_key(context.shop, context.catalogue, attribute)
        if key is None:
            raise ApiError(Code.SALES_ATTRIBUTE_UNKNOWN, f"sales attribute {attribute.id} does not exist")
        return key

    def _value(self, attribute: SalesAttribute) -> str:
        context, name = self._context, attribute.value_name or ""
        if not attribute.value_id:
            if not name.strip():
                raise ApiError(Code.ATTRIBUTE_EMPTY, "a sales attribute has neither value_id nor value_name")
            if len(name) > VALUE_MAX:
                raise ApiError(Code.ATTRIBUTE_TOO_LONG, f"sales attribute value {name!r} exceeds {VALUE_MAX}")
            self._check_text(name, Code.SALES_VALUE_FORMATTING)
        key = value_key(context.shop, context.catalogue, attribute)
        if key is None:
            message = f"sales attribute value {attribute.value_id} does not exist"
            raise ApiError(Code.ATTRIBUTE_VALUE_UNKNOWN, message)
        return key

    def _check_name(self, name: str) -> None:
        if len(name) > NAME_MAX:
            raise ApiError(Code.ATTRIBUTE_NAME_LENGTH, f"sales attribute name {name!r} exceeds {NAME_MAX} characters")
        check_chinese(name, Code.ATTRIBUTE_NAME_CHINESE, "attribute names", self._context.settings)
        self._check_text(name, Code.SALES_NAME_FORMATTING)

    def _check_text(self, text: str, code: Code) -> None:
        if (text, code) in self._seen_texts:
            return
        if _BRACKETS.search(text):
            raise ApiError(Code.ATTRIBUTE_CHARACTERS, f"{text!r} contains invalid characters")
        fault = text_fault(text)
        if fault:
            raise ApiError(code, f"{text!r} contains {fault}")
        self._seen_texts.add((text, code))

    def _record_picture(self, kind: str, value: str, attribute: SalesAttribute) -> None:
        picture, more = attribute.sku_img, attribute.supplementary_sku_images
        if more and picture is None:
            raise ApiError(Code.VARIANT_IMAGES_ALONE, "supplementary_sku_images is only allowed with sku_img")
        if len(more or []) > SUPPLEMENTARY_MAX:
            raise ApiError(Code.VARIANT_IMAGES_TOO_MANY, f"a value has more than {SUPPLEMENTARY_MAX} further images")
        if picture is not None:
            check_variant_image(picture, more, self._context)
        pictures = self._pictures.setdefault(kind, {})
        pictures[value] = pictures.get(value, False) or picture is not None

    def _check_pictures(self) -> None:
        pictured = [values for values in self._pictures.values() if any(values.values())]
        if len(pictured) > 1:
            raise ApiError(Code.VARIANT_IMAGE_AXES, "sku_img is used on more than one sales attribute")
        if pictured and not all(pictured[0].values()):
            bare = next(value for value, has in pictured[0].items() if not has)
            raise ApiError(Code.VARIANT_IMAGE_MISSING, f"the value {bare!r} needs a sku_img as others have one")
