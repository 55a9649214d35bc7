import re

from shopsync_sandbox.tiktok.products.checks.context import Context
from shopsync_sandbox.tiktok.products.checks.text import text_fault
from shopsync_sandbox.tiktok.protocol.bodies import AttributeValue, ProductAttribute, ProductBody
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.taxonomy.types import Attribute

VALUE_MAX = 2000
_POSITIVE = re.compile(r"(?=.*[1-9])\d+(\.\d+)?")


def check_attributes(body: ProductBody, context: Context) -> None:
    """Check values against the category's attributes, then required and conditional attributes."""
    known = context.catalogue.product_attributes(body.category_id or "")
    chosen: dict[str, set[str]] = {}
    for attribute in body.product_attributes or []:
        if not attribute.id:
            raise ApiError(Code.ATTRIBUTE_UNNAMED, "a product attribute has no id")
        if attribute.id in chosen:
            raise ApiError(Code.ATTRIBUTE_TWICE, f"product attribute {attribute.id} is sent twice")
        rule = known.get(attribute.id)
        if rule is None:
            message = f"product attribute {attribute.id} does not belong to category {body.category_id}"
            raise ApiError(Code.ATTRIBUTE_UNKNOWN, message)
        chosen[attribute.id] = _values(attribute, rule)
    for rule in known.values():
        _check_presence(rule, known, chosen)


def _values(sent: ProductAttribute, rule: Attribute) -> set[str]:
    """The chosen ids. Names of built-in values count as their ids."""
    values = sent.values or []
    if not values:
        raise ApiError(Code.ATTRIBUTE_EMPTY, f"product attribute {rule.id} has no value")
    if len(values) > 1 and not rule.multiple:
        raise ApiError(Code.ATTRIBUTE_SINGLE, f"product attribute {rule.id} does not support several values")
    by_name = {name: key for key, name in rule.values.items()}
    ids: set[str] = set()
    names: set[str] = set()
    for value in values:
        name = _check_value(value, rule)
        seen, key, code = (
            (ids, value.id, Code.ATTRIBUTE_VALUE_ID_TWICE)
            if value.id
            else (names, name, Code.ATTRIBUTE_VALUE_NAME_TWICE)
        )
        if key in seen:
            raise ApiError(code, f"product attribute {rule.id} has the value {key!r} twice")
        seen.add(key)
    return ids | {by_name[name] for name in names if name in by_name}


def _check_value(value: AttributeValue, rule: Attribute) -> str:
    """The value's name."""
    if value.id:
        if value.id not in rule.values:
            message = f"value {value.id} does not belong to product attribute {rule.id}"
            raise ApiError(Code.ATTRIBUTE_VALUE_UNKNOWN, message)
        return rule.values[value.id]
    name = (value.name or "").strip()
    if not name:
        raise ApiError(Code.ATTRIBUTE_EMPTY, f"product attribute {rule.id} has an empty value")
    if len(name) > VALUE_MAX:
        raise ApiError(Code.ATTRIBUTE_TOO_LONG, f"a value of product attribute {rule.id} has more than 2000 characters")
    if name in rule.values.values():
        return name
    if not rule.custom:
        raise ApiError(Code.ATTRIBUTE_NOT_CUSTOM, f"product attribute {rule.id} takes no custom value")
    if rule.number and not _POSITIVE.fullmatch(name):
        raise ApiError(Code.ATTRIBUTE_NUMBER, f"the value of {rule.name} needs to be a positive number, is {name!r}")
    fault = text_fault(name)
    if fault:
        raise ApiError(Code.ATTRIBUTE_FORMATTING, f"a value of product attribute {rule.id} contains {fault}")
    return name


def _check_presence(rule: Attribute, known: dict[str, Attribute], chosen: dict[str, set[str]]) -> None:
    given = rule.id in chosen
    if rule.required and not given:
        raise ApiError(Code.ATTRIBUTE_MISSING, f"required product attribute {rule.id} ({rule.name}) is missing")
    if rule.depends_on is None:
        return
    parent_id, value_id = rule.depends_on
    parent, picked = known[parent_id], chosen.get(parent_id, set())
    if value_id in picked and not given:
        message = f"{rule.name!r} is required as {parent.values[value_id]!r} is selected for {parent.name!r}"
        raise ApiError(Code.ATTRIBUTE_NEEDED_BY, message)
    if given and picked and value_id not in picked:
        message = f"{rule.name!r} should be left empty as another value is selected for {parent.name!r}"
        raise ApiError(Code.ATTRIBUTE_UNWANTED_BY, message)
