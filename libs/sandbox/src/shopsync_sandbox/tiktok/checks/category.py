from collections import Counter

from shopsync_sandbox.tiktok.bodies import AttributeValue, ProductAttribute, ProductBody
from shopsync_sandbox.tiktok.catalogue import Attribute, Catalogue
from shopsync_sandbox.tiktok.checks.text import content_fault
from shopsync_sandbox.tiktok.codes import ApiError, Code

VALUE_MAX = 2000


def check_category(body: ProductBody, catalogue: Catalogue) -> None:
    """A leaf of the tree `category_version` names that is not prohibited."""
    version, category_id = body.category_version or "v1", body.category_id or ""
    if version not in {"v1", "v2"}:
        raise ApiError(Code.CATEGORY_INVALID, f"category_version {version!r} is not v1 or v2")
    if not category_id.isdecimal():
        raise ApiError(Code.CATEGORY_FORMAT, f"category_id {category_id!r} is not a number")
    category = catalogue.categories.get(category_id)
    if category is None:
        raise ApiError(Code.CATEGORY_UNKNOWN, f"category {category_id} is not found")
    if category.version != version:
        message = f"category {category_id} does not belong to category_version {version}"
        raise ApiError(Code.CATEGORY_VERSION, message)
    if not catalogue.is_leaf(category_id):
        raise ApiError(Code.CATEGORY_NOT_LEAF, f"category {category_id} is not a leaf category")
    if category.permission == "PROHIBITED":
        raise ApiError(Code.CATEGORY_PROHIBITED, f"category {category_id} is prohibited")


def check_brand(body: ProductBody, catalogue: Catalogue) -> None:
    """An unauthorised T1 brand is refused; an unknown one is not, it is cleared later."""
    brand = catalogue.brands.get(body.brand_id or "")
    if brand is not None and brand.t1 and not brand.authorised:
        raise ApiError(Code.BRAND_UNAUTHORISED, f"brand {brand.id} is not authorised for this category")


def check_attributes(body: ProductBody, catalogue: Catalogue) -> None:
    """Values against the category's attributes, then what is required, conditions included."""
    sent = body.product_attributes or []
    known = {a.id: a for a in catalogue.attributes(body.category_id or "") if not a.sales}
    twice = [key for key, count in Counter(a.id for a in sent).items() if count > 1]
    if twice:
        raise ApiError(Code.ATTRIBUTE_TWICE, f"product attribute {twice[0]} is sent twice")
    for attribute in sent:
        if attribute.id not in known:
            message = f"product attribute {attribute.id} does not belong to category {body.category_id}"
            raise ApiError(Code.ATTRIBUTE_UNKNOWN, message)
        _check_values(attribute, known[attribute.id])
    chosen = {(a.id, v.id) for a in sent for v in a.values or []}
    given = {a.id for a in sent}
    for rule in known.values():
        if rule.id not in given and (rule.required or rule.depends_on in chosen):
            message = f"required product attribute {rule.id} ({rule.name}) is missing"
            raise ApiError(Code.ATTRIBUTE_MISSING, message)


def _check_values(sent: ProductAttribute, rule: Attribute) -> None:
    values = sent.values or []
    if not values:
        raise ApiError(Code.ATTRIBUTE_EMPTY, f"product attribute {rule.id} has no value")
    if len(values) > 1 and not rule.multiple:
        raise ApiError(Code.ATTRIBUTE_SINGLE, f"product attribute {rule.id} takes one value only")
    for value in values:
        _check_value(value, rule)


def _check_value(value: AttributeValue, rule: Attribute) -> None:
    if value.id:
        if value.id not in rule.values:
            message = f"value {value.id} does not belong to product attribute {rule.id}"
            raise ApiError(Code.ATTRIBUTE_VALUE_UNKNOWN, message)
        return
    name = (value.name or "").strip()
    if not name:
        raise ApiError(Code.ATTRIBUTE_EMPTY, f"product attribute {rule.id} has an empty value")
    if len(name) > VALUE_MAX:
        raise ApiError(Code.ATTRIBUTE_TOO_LONG, f"a value of product attribute {rule.id} has more than 2000 characters")
    if name in rule.values.values():
        return
    if not rule.custom:
        raise ApiError(Code.ATTRIBUTE_NOT_CUSTOM, f"product attribute {rule.id} takes no custom value")
    fault = content_fault(name)
    if fault:
        raise ApiError(Code.ATTRIBUTE_VALUE_UNKNOWN, f"a value of product attribute {rule.id} contains {fault}")
