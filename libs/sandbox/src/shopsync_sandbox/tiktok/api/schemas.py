"""Listing Schemas (202407): the fields that a product of a category has to fill in."""

import json
from typing import Any

from shopsync_sandbox.tiktok.api.call import Call
from shopsync_sandbox.tiktok.api.categories import version_of
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.taxonomy.types import Attribute

_MOST = 10
_FIELDS = (("title", "TEXT"), ("description", "TEXT"), ("main_images", "IMAGE"), ("skus", "LIST"))


def listing_schemas(call: Call) -> dict[str, Any]:
    """One schema per leaf category. Other categories are listed as errors."""
    version, catalogue = version_of(call), call.services.world.catalogue
    schemas: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for category_id in _ids(call.query.get("category_ids", "")):
        category = catalogue.categories.get(category_id)
        if category is None or category.version != version or not catalogue.is_leaf(category_id):
            detail = {"category_id": category_id}
            errors.append({"code": int(Code.CATEGORY_INVALID), "message": "category is invalid", "detail": detail})
            continue
        rules = catalogue.rules(category_id)
        parcel = [
            {"id": name, "type": "NUMBER", "is_required": rules.parcel_required}
            for name in ("package_weight", "package_dimensions")
        ]
        chart = {"id": "size_chart", "type": "IMAGE", "is_required": rules.size_chart == "required"}
        attributes = [_attribute(rule) for rule in catalogue.product_attributes(category_id).values()]
        fields = [{"id": name, "type": kind, "is_required": True} for name, kind in _FIELDS]
        more = {"id": "product_attributes", "type": "COMPLEX", "is_required": False, "fields": attributes}
        schemas.append({"category_id": category_id, "fields": [*fields, *parcel, chart, more]})
    return {"listing_schemas": schemas, "errors": errors}


def _attribute(rule: Attribute) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "type": "MULTI_SELECT" if rule.multiple else "SINGLE_SELECT" if rule.values else "TEXT",
        "is_required": rule.required,
        "options": [{"id": value_id, "name": name} for value_id, name in rule.values.items()],
    }


def _ids(text: str) -> list[str]:
    """A JSON list, or values separated by commas. Raises ApiError for none, too many, or anything else."""
    try:
        values = json.loads(text) if text.startswith("[") else text.split(",")
    except ValueError:
        values = []
    ids = [str(value).strip() for value in values]
    if not 1 <= len(ids) <= _MOST or not all(one.isascii() and one.isdigit() for one in ids):
        raise ApiError(Code.INVALID_PARAM, "CategoryIds is a required field")
    return ids
