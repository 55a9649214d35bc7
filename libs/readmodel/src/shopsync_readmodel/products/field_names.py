"""What a merchant calls the fields of a product. Pure."""

import re
from collections.abc import Mapping
from typing import Final

from shopsync_readmodel.words import Words

_NAMES: Final = {
    "name": ("商品名", "Name"),
    "description": ("商品説明", "Description"),
    "images": ("商品画像", "Images"),
    "price": ("価格", "Price"),
    "category_id": ("カテゴリー", "Category"),
    "brand_id": ("ブランド", "Brand"),
    "package_weight_g": ("梱包重量", "Package weight"),
    "package_dimensions_cm": ("梱包サイズ", "Package size"),
    "package_dimensions_cm.length": ("梱包サイズ（長さ）", "Package size (length)"),
    "package_dimensions_cm.width": ("梱包サイズ（幅）", "Package size (width)"),
    "package_dimensions_cm.height": ("梱包サイズ（高さ）", "Package size (height)"),
    "attributes": ("商品属性", "Attributes"),
    "size_chart_image": ("サイズ表の画像", "Size chart image"),
    "stock": ("在庫数", "Stock"),
    "skus": ("SKU", "SKUs"),
    "axes": ("バリエーション", "Variations"),
    "axes.vertical": ("縦軸の名称", "Name of the vertical axis"),
    "axes.horizontal": ("横軸の名称", "Name of the horizontal axis"),
    "jan_code": ("JANコード", "JAN"),
}
_OF_SKU: Final = {
    "vertical_name": ("縦軸の選択肢名", "choice on the vertical axis"),
    "horizontal_name": ("横軸の選択肢名", "choice on the horizontal axis"),
    "price": ("価格", "price"),
    "stock": ("在庫数", "stock"),
    "jan_code": ("JANコード", "JAN"),
}
_SKU: Final = re.compile(r"skus\[([^/\]]*)/([^\]]*)\](?:\.(\w+))?")


def sku_number(vertical_no: str, horizontal_no: str) -> str:
    """How merchants see a SKU's numbers; `""` for the only SKU of a product."""
    return "-".join(filter(None, (vertical_no, horizontal_no)))


def field_in_japanese(path: str) -> str:
    """The name of a field by its path in the snapshot, as in `missing`; an unknown one as it is."""
    return field_name(path).japanese


def field_in_english(path: str) -> str:
    """The same on the English page."""
    return field_name(path).plain


def field_name(path: str, attributes: Mapping[str, str] | None = None) -> Words:
    """The path for operators, its names for merchants.

    `attributes`: names of TikTok's attributes by their ids, as far as they are known.
    """
    if path in _NAMES:
        return Words(path, *_NAMES[path])
    if path.startswith("attributes."):
        one = path.removeprefix("attributes.")
        name = (attributes or {}).get(one)
        if name is None:
            return Words(path, f"商品属性（{one}）", f"Attribute {one}")
        return Words(path, f"商品属性「{name}」", f"Attribute {name}")
    sku = _SKU.fullmatch(path)
    if sku is None:
        return Words(path, path, path)
    number = sku_number(sku[1], sku[2])
    japanese, english = _OF_SKU.get(sku[3] or "", (sku[3] or "",) * 2)
    name = f"SKU {number}" if number else "SKU"
    return Words(path, f"{name}の{japanese}" if japanese else name, f"{name}: {english}" if english else name)
