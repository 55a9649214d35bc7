"""Categories, attributes, rules, brands."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from shopsync_sandbox.tiktok.api.call import Call
from shopsync_sandbox.tiktok.products.checks.pictures import MAIN_IMAGES_MAX
from shopsync_sandbox.tiktok.protocol.bodies import RecommendBody, parse
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.taxonomy.catalogue import Catalogue
from shopsync_sandbox.tiktok.taxonomy.types import Attribute, Brand, Category, Certification

BRANDS_A_DAY = 50
BRANDS_MAX = 1_000


def categories(call: Call) -> dict[str, Any]:
    """The tree of one version; prohibited nodes only on request."""
    catalogue, version = call.services.world.catalogue, version_of(call)
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
            and category.shown
            and keyword in category.name
            and (prohibited or category.permission != "PROHIBITED")
        ],
    }


def recommend(call: Call) -> dict[str, Any]:
    """The leaf whose name is in the title. Often there is none (12019064): only words are compared."""
    catalogue, body = call.services.world.catalogue, parse(RecommendBody, call.body)
    if not body.product_title:
        raise ApiError(Code.INVALID_PARAM, "invalid param: product_title is required")
    images = body.images or []
    if len(images) > MAIN_IMAGES_MAX or any(call.services.world.images.get(i.uri or "") is None for i in images):
        raise ApiError(Code.RECOMMEND_IMAGES, "product image list is invalid")
    leaf = _match(catalogue, body.category_version or "v1", body.product_title)
    if leaf is None:
        raise ApiError(Code.CATEGORY_NO_MATCH, "no matching categories: give the full name of the product")
    if leaf.permission == "NON_MAIN_CATEGORY":
        raise ApiError(Code.CATEGORY_NO_MATCH_IN_MAIN, "no matching category within the account's main category")
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
    """What a leaf requires besides its attributes."""
    found = call.services.world.catalogue.rules(_leaf(call).id)
    chart = {"is_supported": found.size_chart != "unsupported", "is_required": found.size_chart == "required"}
    return {
        "product_certifications": [_certification(rule) for rule in found.certifications],
        "size_chart": chart,
        "cod": {"is_supported": False},
        "package_dimension": {"is_required": found.parcel_required},
        "epr": {"is_required": False},
        "responsible_person": {"is_required": False},
        "manufacturer": {"is_required": False},
        "allowed_special_product_types": [],
        "fees": [],
        "seller_sku": {"is_required": found.seller_sku_required},
    }


def brands(call: Call) -> dict[str, Any]:
    """The shop's own brands, then those of the market, paged. The status UNAUTHORIEZD is misspelt on the wire."""
    size, start = call.page_size(), _offset(call.query.get("page_token", ""))
    chain = call.services.world.catalogue.chain(_leaf_in_query(call)) if "category_id" in call.query else ()
    custom = [Brand(brand_id, name) for brand_id, name in call.shop.custom_brands.items()]
    rows = [(brand, _may_use(brand, chain)) for brand in (*custom, *call.services.world.catalogue.brands.values())]
    wanted, name_part = call.query.get("is_authorized", "").lower(), call.query.get("brand_name", "").casefold()
    found = [row for row in rows if wanted in {"", str(row[1]).lower()} and name_part in row[0].name.casefold()]
    following = start + size
    return {
        "total_count": len(found),
        "next_page_token": _token(following) if following < len(found) else "",
        "brands": [
            {
                "id": brand.id,
                "name": brand.name,
                "authorized_status": "AUTHORIZED" if authorised else "UNAUTHORIEZD",
                "brand_status": "AVAILABLE" if _is_open(brand, chain) else "UNAVAILABLE",
                "is_t1_brand": brand.t1,
            }
            for brand, authorised in found[start:following]
        ],
    }


def create_brand(call: Call) -> dict[str, Any]:
    """A custom brand of the shop. Raises ApiError: name not 2 to 30 characters, over 50 a day or 1,000 in all."""
    name, world, shop = call.body.get("name"), call.services.world, call.shop
    if not isinstance(name, str) or not 2 <= len(name) <= 30:
        raise ApiError(Code.INVALID_PARAM, "invalid param: name must have 2 to 30 characters")
    today = world.today()
    if shop.brands_made.get(today, 0) >= BRANDS_A_DAY or len(shop.custom_brands) >= BRANDS_MAX:
        message = f"invalid param: at most {BRANDS_A_DAY} custom brands a day and {BRANDS_MAX} in all"
        raise ApiError(Code.INVALID_PARAM, message)
    brand_id = world.ids.next()
    shop.custom_brands[brand_id] = name
    shop.brands_made[today] = shop.brands_made.get(today, 0) + 1
    return {"id": brand_id}


def _match(catalogue: Catalogue, version: str, title: str) -> Category | None:
    leaves = (c for c in catalogue.categories.values() if c.version == version and catalogue.is_leaf(c.id))
    return next((c for c in leaves if c.shown and any(part in title for part in c.name.split("・"))), None)


def version_of(call: Call) -> str:
    """The tree that is asked for. Raises ApiError for any but v1 and v2, and for v1 when the shop was moved to v2."""
    version = call.query.get("category_version", "v1")
    if version not in {"v1", "v2"}:
        raise ApiError(Code.INVALID_PARAM, f"invalid param: category_version {version!r} is not v1 or v2")
    if version == "v1" and call.shop.needs_category_v2:
        raise ApiError(Code.CATEGORY_V2_NEEDED, "the shop must use V2 categories")
    return version


def _may_use(brand: Brand, chain: Sequence[Category]) -> bool:
    """Whether the seller may use the brand, in the category if one is given."""
    return brand.authorised and _is_open(brand, chain)


def _is_open(brand: Brand, chain: Sequence[Category]) -> bool:
    """Whether the brand is available in the category."""
    elsewhere = brand.roots is not None and bool(chain) and chain[0].id not in brand.roots
    return not brand.expired and not elsewhere


def _leaf(call: Call) -> Category:
    return _find_leaf(call, call.path["category_id"])


def _leaf_in_query(call: Call) -> str:
    return _find_leaf(call, call.query["category_id"]).id


def _find_leaf(call: Call, category_id: str) -> Category:
    catalogue = call.services.world.catalogue
    category = catalogue.categories.get(category_id)
    if category is None:
        raise ApiError(Code.CATEGORY_UNKNOWN, f"category {category_id} is not found")
    if category.version != version_of(call):
        raise ApiError(Code.CATEGORY_VERSION, f"category {category_id} does not belong to this category_version")
    if not catalogue.is_leaf(category_id):
        raise ApiError(Code.CATEGORY_NOT_LEAF, f"category {category_id} is not a leaf category")
    return category


def _attribute(rule: Attribute) -> dict[str, Any]:
    """`is_requried` is the API's spelling."""
    shape: dict[str, Any] = {
        "id": rule.id,
        "name": rule.name,
        "type": "SALES_PROPERTY" if rule.sales else "PRODUCT_PROPERTY",
        "is_requried": rule.required,
        "is_multiple_selection": rule.multiple,
        "is_customizable": rule.custom,
        "values": [{"id": value_id, "name": name} for value_id, name in rule.values.items()],
    }
    if rule.number:
        shape["value_data_format"] = "POSITIVE_INT_OR_DECIMAL"
    if rule.depends_on is not None:
        attribute_id, value_id = rule.depends_on
        condition = {"attribute_id": attribute_id, "attribute_value_id": value_id}
        shape["requirement_conditions"] = [{"condition_type": "VALUE_ID_MATCH", **condition}]
    return shape


def _certification(rule: Certification) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "is_required": rule.required,
        "document_details": "",
        "sample_image_url": "",
        "expiration_date": {"is_required": rule.expires},
    }


def _token(offset: int) -> str:
    return base64.b64encode(str(offset).encode()).decode()


def _offset(token: str) -> int:
    try:
        return int(base64.b64decode(token, validate=True) or b"0")
    except (binascii.Error, ValueError) as error:
        raise ApiError(Code.INVALID_PARAM, "invalid param: page_token") from error
