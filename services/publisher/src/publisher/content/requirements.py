"""What a category requires of its products, and what a product lacks (ED-8, Q9). Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from publisher.content.checks import Problem
from publisher.content.text import clean_line
from shopsync_contracts.events import Attribute, AttributeValue, ProductSnapshot

Choice = tuple[str, str]
"""Attribute id and value id."""

_NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """A product attribute of the category. `values`: id to name. `required_if`: choices that make it required."""

    id: str
    name: str
    required: bool
    required_if: frozenset[Choice]
    multiple: bool
    custom: bool
    numeric: bool
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CertificateRule:
    """A document that the category requires; the publisher cannot send any."""

    name: str
    required: bool
    required_if: frozenset[Choice]


@dataclass(frozen=True, slots=True)
class Requirements:
    """The requirements of one category."""

    attributes: Mapping[str, AttributeRule]
    certificates: tuple[CertificateRule, ...]
    size_chart_supported: bool
    size_chart_required: bool


def read_requirements(attributes: Mapping[str, Any], rules: Mapping[str, Any]) -> Requirements:
    """Read the replies of Get Attributes and Get Category Rules. Missing members count as not required."""
    read = [_attribute(row) for row in _rows(attributes.get("attributes")) if row.get("type") != "SALES_PROPERTY"]
    chart = rules.get("size_chart")
    chart = chart if isinstance(chart, Mapping) else {}
    certificates = [
        CertificateRule(str(row.get("name", "")), bool(row.get("is_required")), _conditions(row))
        for row in _rows(rules.get("product_certifications"))
    ]
    return Requirements(
        attributes={rule.id: rule for rule in read},
        certificates=tuple(certificates),
        size_chart_supported=chart.get("is_supported") is not False,
        size_chart_required=bool(chart.get("is_required")),
    )


def category_problems(product: ProductSnapshot, needed: Requirements) -> tuple[Problem, ...]:
    """What TikTok would refuse in this category, with the field and the attribute's name (ED-8).

    An attribute that the category does not have is no problem: it is left out (`foreign_attributes`).
    """
    content = product.content
    given = {attribute.id for attribute in content.attributes}
    chosen = _chosen(content.attributes, needed)
    found = [
        Problem(f"attributes.{rule.id}", f"{rule.name} is required by the category")
        for rule in needed.attributes.values()
        if rule.id not in given and (rule.required or rule.required_if & chosen)
    ]
    for attribute in content.attributes:
        rule = needed.attributes.get(attribute.id)
        faults = [] if rule is None else _faults(attribute, rule, chosen)
        found += [Problem(f"attributes.{attribute.id}", fault) for fault in faults]
    if needed.size_chart_required and not (content.size_chart_image or "").strip():
        found.append(Problem("size_chart_image", "a size chart is required by the category"))
    found += [
        Problem("category_id", f"the category needs a certificate ({rule.name}), which cannot be sent from here")
        for rule in needed.certificates
        if rule.required or rule.required_if & chosen
    ]
    return tuple(found)


def foreign_attributes(product: ProductSnapshot, needed: Requirements) -> tuple[str, ...]:
    """Ids of the attributes that the category does not have, as after a change of the category: they are not sent."""
    return tuple(one.id for one in product.content.attributes if one.id not in needed.attributes)


def _faults(attribute: Attribute, rule: AttributeRule, chosen: frozenset[Choice]) -> list[str]:
    faults = []
    if _is_unwanted(rule, chosen):
        faults.append(f"{rule.name} has to stay empty with the other attributes as they are")
    if len(attribute.values) > 1 and not rule.multiple:
        faults.append(f"{rule.name} takes one value only")
    for value in attribute.values:
        fault = _value_fault(value, rule)
        if fault is not None:
            faults.append(f"{rule.name}: {fault}")
    return faults


def _is_unwanted(rule: AttributeRule, chosen: frozenset[Choice]) -> bool:
    """Whether the attribute is required only with another value of an attribute that has a value."""
    deciding = {attribute_id for attribute_id, _ in rule.required_if}
    is_decided = any(attribute_id in deciding for attribute_id, _ in chosen)
    return is_decided and not rule.required and not rule.required_if & chosen


def _value_fault(value: AttributeValue, rule: AttributeRule) -> str | None:
    if value.id is not None:
        return None if value.id in rule.values else f"there is no value {value.id}"
    name = clean_line(value.name or "")
    if name in rule.values.values():
        return None
    if not rule.custom:
        return f"{name!r} is not among its values"
    if rule.numeric and not (_NUMBER.fullmatch(name) and float(name) > 0):
        return f"{name!r} is no positive number"
    return None


def _chosen(attributes: tuple[Attribute, ...], needed: Requirements) -> frozenset[Choice]:
    """The chosen values of the category's attributes, by id or by the exact name of a value."""
    chosen = set()
    for attribute in attributes:
        rule = needed.attributes.get(attribute.id)
        if rule is None:
            continue
        ids = {name: value_id for value_id, name in rule.values.items()}
        for value in attribute.values:
            value_id = value.id if value.id is not None else ids.get(clean_line(value.name or ""))
            if value_id is not None:
                chosen.add((attribute.id, value_id))
    return frozenset(chosen)


def _attribute(row: Mapping[str, Any]) -> AttributeRule:
    return AttributeRule(
        id=str(row.get("id", "")),
        name=str(row.get("name", "")),
        # The API's own spelling, and the right one in case it is corrected.
        required=bool(row.get("is_requried") or row.get("is_required")),
        required_if=_conditions(row),
        multiple=bool(row.get("is_multiple_selection")),
        custom=bool(row.get("is_customizable")),
        numeric=row.get("value_data_format") == "POSITIVE_INT_OR_DECIMAL",
        values={str(value.get("id", "")): str(value.get("name", "")) for value in _rows(row.get("values"))},
    )


def _conditions(row: Mapping[str, Any]) -> frozenset[Choice]:
    return frozenset(
        (str(condition.get("attribute_id", "")), str(condition.get("attribute_value_id", "")))
        for condition in _rows(row.get("requirement_conditions"))
        if condition.get("condition_type") == "VALUE_ID_MATCH"
    )


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
