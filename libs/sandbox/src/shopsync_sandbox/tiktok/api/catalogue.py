"""Categories, attributes, rules, brands."""

import base64
import binascii
from typing import Any

from shopsync_sandbox.tiktok.api.call import Call
from shopsync_sandbox.tiktok.bodies import TitleBody, parse
from shopsync_sandbox.tiktok.catalogue import Attribute, Catalogue, Category
from shopsync_sandbox.tiktok.codes import ApiError, Code


def categories(call: Call) -> dict[str, Any]:
    """The tree of one version; prohibited nodes only on request."""
    catalogue, version = call.services.world.catalogue, call.query.get("category_version", "v1")
    keyword, prohibited = call.query.get("keyword", ""), call.flag("include_prohibited_categories")
    return {
        "categories": [
            {
                "id": category.id,
                "parent_id": category.parent_id,
                "local_name": category.name,
                "is_leaf": catalogue.is_leaf(category.id),
                "permission_statuses": [category.permission],
            }
            for category in catalogue.categories.values()
            if category.version == version
            and keyword in category.name
            and (prohibited or category.permission != "PROHIBITED")
        ],
    }


def recommend(call: Call) -> dict[str, Any]:
    """The leaf whose name the title contains; often there is none (12019064)."""
    catalogue, title = call.services.world.catalogue, parse(TitleBody, call.body).product_title
    if not title:
        raise ApiError(Code.INVALID_PARAM, "invalid param: product_title is required")
    version = call.body.get("category_version", "v1")
    leaf = next((c for c in _leaves(catalogue, version) if any(part in title for part in c.name.split("・"))), None)
    if leaf is None:
        raise ApiError(Code.CATEGORY_NO_MATCH, "no category matches the title")
    chain = [
        {
            "id": category.id,
            "name": category.name,
            "level": level,
            "is_leaf": catalogue.is_leaf(category.id),
            "permission_statuses": [category.permission],
        }
        for level, category in enumerate(catalogue.chain(leaf.id), start=1)
    ]
    return {"leaf_category_id": leaf.id, "categories": chain}


def attributes(call: Call) -> dict[str, Any]:
    """Sales and product attributes of a leaf."""
    category = _leaf(call)
    return {"attributes": [_attribute(rule) for rule in call.services.world.catalogue.attributes(category.id)]}


def rules(call: Call) -> dict[str, Any]:
    """What a leaf demands beside its attributes."""
    _leaf(call)
    return {
        "product_certifications": [],
        "size_chart": {"is_supported": False, "is_required": False},
        "cod": {"is_supported": False},
        "package_dimension": {"is_required": True},
        "epr": {"is_required": False},
        "responsible_person": {"is_required": False},
        "manufacturer": {"is_required": False},
        "allowed_special_product_types": [],
        "fees": [],
        "seller_sku": {"is_required": False},
    }


def brands(call: Call) -> dict[str, Any]:
    """Built-in and custom brands, paged. The status UNAUTHORIEZD is misspelt on the wire."""
    size, start = call.page_size(), _offset(call.query.get("page_token", ""))
    rows = [
        (brand.id, brand.name, brand.authorised, brand.t1) for brand in call.services.world.catalogue.brands.values()
    ]
    rows += [(brand_id, name, True, False) for brand_id, name in call.shop.custom_brands.items()]
    wanted, name_part = call.query.get("is_authorized", "").lower(), call.query.get("brand_name", "")
    found = [row for row in rows if wanted in {"", str(row[2]).lower()} and name_part in row[1]]
    following = start + size
    return {
        "total_count": len(found),
        "next_page_token": _token(following) if following < len(found) else "",
        "brands": [
            {
                "id": brand_id,
                "name": name,
                "authorized_status": "AUTHORIZED" if authorised else "UNAUTHORIEZD",
                "brand_status": "ONLINE",
                "is_t1_brand": t1,
            }
            for brand_id, name, authorised, t1 in found[start:following]
        ],
    }


def create_brand(call: Call) -> dict[str, Any]:
    """A custom brand of the shop. Raises ApiError when the name has not 2 to 30 characters."""
    name = call.body.get("name")
    if not isinstance(name, str) or not 2 <= len(name) <= 30:
        raise ApiError(Code.INVALID_PARAM, "invalid param: name must have 2 to 30 characters")
    brand_id = call.services.world.ids.next()
    call.shop.custom_brands[brand_id] = name
    return {"id": brand_id}


def _leaves(catalogue: Catalogue, version: str) -> list[Category]:
    return [c for c in catalogue.categories.values() if c.version == version and catalogue.is_leaf(c.id)]


def _leaf(call: Call) -> Category:
    catalogue, category_id = call.services.world.catalogue, call.path["category_id"]
    category = catalogue.categories.get(category_id)
    if category is None:
        raise ApiError(Code.CATEGORY_UNKNOWN, f"category {category_id} is not found")
    if category.version != call.query.get("category_version", "v1"):
        raise ApiError(Code.CATEGORY_VERSION, f"category {category_id} does not belong to this category_version")
    if not catalogue.is_leaf(category_id):
        raise ApiError(Code.CATEGORY_NOT_LEAF, f"category {category_id} is not a leaf category")
    return category


def _attribute(rule: Attribute) -> dict[str, Any]:
    """`is_requried` is how the API spells it."""
    shape: dict[str, Any] = {
        "id": rule.id,
        "name": rule.name,
        "type": "SALES_PROPERTY" if rule.sales else "PRODUCT_PROPERTY",
        "is_requried": rule.required,
        "is_multiple_selection": rule.multiple,
        "is_customizable": rule.custom,
        "values": [{"id": value_id, "name": name} for value_id, name in rule.values.items()],
    }
    if rule.depends_on is not None:
        attribute_id, value_id = rule.depends_on
        condition = {"attribute_id": attribute_id, "attribute_value_id": value_id}
        shape["requirement_conditions"] = [{"condition_type": "VALUE_ID_MATCH", **condition}]
    return shape


def _token(offset: int) -> str:
    return base64.b64encode(str(offset).encode()).decode()


def _offset(token: str) -> int:
    try:
        return int(base64.b64decode(token, validate=True) or b"0")
    except (binascii.Error, ValueError) as error:
        raise ApiError(Code.INVALID_PARAM, "invalid param: page_token") from error
