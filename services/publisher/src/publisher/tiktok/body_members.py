"""Finds the member of a request body that TikTok Shop's gateway says is missing or of a wrong type. Pure.

The messages are those of a Go validator: `MainImages is a required field`, `param body.main_images type invalid`,
`Key: 'Request.Skus[0].Price' Error:Field validation for 'Price' failed on the 'required' tag`.
"""

import re

from publisher.errors import MemberRefused

_PATH = r"[A-Za-z_][A-Za-z0-9_]*(?:\[\d*\])?(?:\.[A-Za-z_][A-Za-z0-9_]*(?:\[\d*\])?)*"
_FORMS = tuple(
    re.compile(form.replace("PATH", f"(?P<path>{_PATH})"), re.IGNORECASE)
    for form in (
        r"key: '?PATH'? error:\s*field validation",
        r"\bfield validation for '?PATH'? failed",
        r"(?<![\w.'])'?PATH'? (?:is a required field|is required\b|must be\b|should be\b)",
        r"\bparam(?:eter)?s?:? [`'\"]?PATH[`'\"]? (?:type invalid|is invalid|invalid|is missing|is empty)",
        r"\binvalid param(?:eter)?s?:? [`'\"]?PATH",
    )
)
_FIELDS = {
    "title": "name",
    "description": "description",
    "categoryid": "category_id",
    "brandid": "brand_id",
    "mainimages": "images",
    "productattributes": "attributes",
    "packageweight": "package_weight_g",
    "packagedimensions": "package_dimensions_cm",
    "sizechart": "size_chart_image",
    "certifications": "category_id",
    "salesattributes": "axes",
    "identifiercode": "jan_code",
    "inventory": "stock",
    "price": "price",
    "skus": "skus",
}
"""Members of Create and Edit Product and the merchant's field; a nested member belongs to the outer one's field."""


def member_refused(code: str, message: str) -> MemberRefused | None:
    """The error that names the member; None when the message names none that a merchant enters."""
    for form in _FORMS:
        found = form.search(message)
        field = None if found is None else _field_of(found["path"])
        if found is not None and field is not None:
            return MemberRefused(code, message, field=field, member=found["path"])
    return None


def _field_of(path: str) -> str | None:
    """The field of the innermost known part: `Skus[0].Price.Amount` is about the price."""
    for part in reversed(path.split(".")):
        field = _FIELDS.get(part.partition("[")[0].replace("_", "").lower())
        if field is not None:
            return field
    return None
