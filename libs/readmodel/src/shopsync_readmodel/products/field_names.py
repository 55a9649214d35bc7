"""What a merchant calls the fields of a product. Pure."""

import re
from collections.abc import Mapping
from typing import Final

_NAMES: Final = {
    "name": "商品名",
    "description": "商品説明",
    "images": "商品画像",
    "price": "価格",
    "category_id": "カテゴリー",
    "brand_id": "ブランド",
    "package_weight_g": "梱包重量",
    "package_dimensions_cm": "梱包サイズ",
    "package_dimensions_cm.length": "梱包サイズ（長さ）",
    "package_dimensions_cm.width": "梱包サイズ（幅）",
    "package_dimensions_cm.height": "梱包サイズ（高さ）",
    "attributes": "商品属性",
    "size_chart_image": "サイズ表の画像",
    "stock": "在庫数",
    "skus": "SKU",
    "axes": "バリエーション",
    "axes.vertical": "縦軸の名称",
    "axes.horizontal": "横軸の名称",
    "jan_code": "JANコード",
}
_OF_SKU: Final = {
    "vertical_name": "縦軸の選択肢名",
    "horizontal_name": "横軸の選択肢名",
    "price": "価格",
    "stock": "在庫数",
    "jan_code": "JANコード",
}
_SKU: Final = re.compile(r"skus\[([^/\]]*)/([^\]]*)\](?:\.(\w+))?")


def sku_number(vertical_no: str, horizontal_no: str) -> str:
    """How merchants see a SKU's numbers; `""` for the only SKU of a product."""
    return "-".join(filter(None, (vertical_no, horizontal_no)))


def field_in_japanese(path: str, attributes: Mapping[str, str] | None = None) -> str:
    """The name of a field by its path in the snapshot, as in `missing`; an unknown one as it is.

    `attributes`: names of TikTok's attributes by their ids, as far as they are known.
    """
    if path in _NAMES:
        return _NAMES[path]
    if path.startswith("attributes."):
        one = path.removeprefix("attributes.")
        name = (attributes or {}).get(one)
        return f"商品属性（{one}）" if name is None else f"商品属性「{name}」"
    sku = _SKU.fullmatch(path)
    if sku is None:
        return path
    number = sku_number(sku[1], sku[2])
    member = _OF_SKU.get(sku[3] or "", sku[3] or "")
    return "".join((f"SKU {number}" if number else "SKU", f"の{member}" if member else ""))
