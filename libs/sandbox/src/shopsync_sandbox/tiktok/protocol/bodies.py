"""Request bodies of the product endpoints. Unknown members are ignored, wrong types are refused."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code


class Body(BaseModel):
    """Strict: a number is never accepted for a string."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class ImageRef(Body):
    """A picture, by the uri that its upload returned."""

    uri: str | None = None


class AttributeValue(Body):
    """A value by id, or by name where the attribute accepts custom values."""

    id: str | None = None
    name: str | None = None


class ProductAttribute(Body):
    """One product attribute with its values."""

    id: str | None = None
    values: list[AttributeValue] | None = None


class SalesAttribute(Body):
    """One variation of a SKU. Ids take precedence over names."""

    id: str | None = None
    name: str | None = None
    value_id: str | None = None
    value_name: str | None = None
    sku_img: ImageRef | None = None
    supplementary_sku_images: list[ImageRef] | None = None


class Price(Body):
    """Amounts are strings of whole yen."""

    amount: str | None = None
    currency: str | None = None
    sale_price: str | None = None


class Inventory(Body):
    """Stock in one warehouse."""

    warehouse_id: str | None = None
    quantity: int | None = None
    backorder_quantity: int | None = None
    handling_time: int | None = None


class IdentifierCode(Body):
    """A JAN or another product code."""

    code: str | None = None
    type: str | None = None


class SkuBody(Body):
    """A SKU to write. Without `id` it is a new one."""

    id: str | None = None
    seller_sku: str | None = None
    external_sku_id: str | None = None
    sales_attributes: list[SalesAttribute] | None = None
    price: Price | None = None
    inventory: list[Inventory] | None = None
    identifier_code: IdentifierCode | None = None


class Weight(Body):
    """The parcel's weight."""

    value: str | None = None
    unit: str | None = None


class Dimensions(Body):
    """The parcel's size."""

    length: str | None = None
    width: str | None = None
    height: str | None = None
    unit: str | None = None


class CertificationFile(Body):
    """A PDF, by the id that its upload returned."""

    id: str | None = None
    name: str | None = None
    format: str | None = None


class CertificationBody(Body):
    """A document that the category requires. `expiration_date` in Unix seconds."""

    id: str | None = None
    images: list[ImageRef] | None = None
    files: list[CertificationFile] | None = None
    expiration_date: int | None = None


class SizeChartTemplate(Body):
    """A template in Seller Center."""

    id: str | None = None


class SizeChart(Body):
    """A picture, or a template."""

    image: ImageRef | None = None
    template: SizeChartTemplate | None = None


class ProductBody(Body):
    """The body of create, full edit and partial edit. `model_fields_set` says which members were sent."""

    save_mode: str | None = None
    idempotency_key: str | None = None
    title: str | None = None
    description: str | None = None
    category_id: str | None = None
    category_version: str | None = None
    brand_id: str | None = None
    main_images: list[ImageRef] | None = None
    product_attributes: list[ProductAttribute] | None = None
    package_weight: Weight | None = None
    package_dimensions: Dimensions | None = None
    certifications: list[CertificationBody] | None = None
    size_chart: SizeChart | None = None
    external_product_id: str | None = None
    is_cod_allowed: bool | None = None
    skus: list[SkuBody] | None = None


class ProductIds(Body):
    """The body of the batch operations."""

    product_ids: list[str] | None = None


class SkuChanges(Body):
    """The body of Update Inventory and Update Price."""

    skus: list[SkuBody] | None = None


class SearchFilters(Body):
    """The body of Search Products. Times are Unix seconds."""

    status: str | None = None
    seller_skus: list[str] | None = None
    sku_ids: list[str] | None = None
    create_time_ge: int | None = None
    create_time_le: int | None = None
    update_time_ge: int | None = None
    update_time_le: int | None = None
    category_version: str | None = None
    audit_status: list[str] | None = None
    return_draft_version: bool | None = None


class InventoryFilters(Body):
    """The body of Inventory Search."""

    product_ids: list[str] | None = None
    sku_ids: list[str] | None = None


class WebhookBody(Body):
    """The body of the webhook registration."""

    address: str | None = None
    event_type: str | None = None


class RecommendBody(Body):
    """The body of Recommend Category."""

    product_title: str | None = None
    images: list[ImageRef] | None = None
    category_version: str | None = None


_B = TypeVar("_B", bound=Body)


def parse(model: type[_B], document: dict[str, Any], member_error: int = Code.INVALID_PARAM) -> _B:
    """The typed body. Raises ApiError 36009004 or 98001004, naming the first member of the wrong type."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        if member_error == Code.INVALID_PARAM:
            path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
            raise ApiError(Code.INVALID_PARAM, f"param body{path} type invalid") from error
        where = ".".join(str(part) for part in first["loc"])
        raise ApiError(Code.WRONG_TYPE, f"parameter {where} is invalid, reason: {first['msg']}") from error


_REQUIRED = {
    "title": "Title",
    "description": "Description",
    "category_id": "CategoryId",
    "main_images": "MainImages",
    "skus": "Skus",
}


def parse_product(document: dict[str, Any], member_error: int, *, whole: bool, locale: bool = True) -> ProductBody:
    """A product body. Raises ApiError 36009004 when a `whole` body lacks a required member, under its name in Go.

    A draft may lack any member. `locale`: the body may have that member.
    """
    body = parse(ProductBody, document, member_error)
    if "locale" in document and not locale:
        raise ApiError(Code.INVALID_PARAM, "invalid param: locale is no member of this request")
    if whole and member_error == Code.INVALID_PARAM and body.save_mode in {None, "LISTING"}:
        missing = next((name for member, name in _REQUIRED.items() if getattr(body, member) is None), None)
        if missing is not None:
            raise ApiError(Code.INVALID_PARAM, f"{missing} is a required field")
    return body
