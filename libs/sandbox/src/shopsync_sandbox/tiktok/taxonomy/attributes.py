"""Attributes and rules by category."""

from shopsync_sandbox.tiktok.taxonomy.market_attributes import MARKET_ATTRIBUTES
from shopsync_sandbox.tiktok.taxonomy.types import Attribute, Certification, Rules

COLOUR, SIZE = "100000", "100007"
SALES = (
    Attribute(COLOUR, "カラー", sales=True, custom=True, values={"1000001": "ホワイト", "1000002": "ブラック"}),
    Attribute(SIZE, "サイズ", sales=True, custom=True, values={"1000071": "S", "1000072": "M", "1000073": "L"}),
)
_ORIGIN = Attribute("100701", "原産国", required=True, custom=True, values={"1007011": "日本", "1007012": "中国"})
_BATTERY = Attribute("100800", "電池の有無", values={"1008001": "あり", "1008002": "なし"})
_BATTERY_KIND = Attribute(
    "100801",
    "電池の種類",
    values={"1008011": "リチウム", "1008012": "アルカリ"},
    depends_on=("100800", "1008001"),
)
COMMON = (_ORIGIN, _BATTERY, _BATTERY_KIND)
_MATERIAL = Attribute(
    "100398",
    "素材",
    required=True,
    multiple=True,
    custom=True,
    values={"1001001": "綿", "1001002": "ウール", "1001003": "ポリエステル"},
)
_SEASON = Attribute("100399", "季節", multiple=True, values={"1001011": "春夏", "1001012": "秋冬"})
_CAPACITY = Attribute("100810", "容量(mAh)", required=True, custom=True, number=True, values={"1008101": "10000"})
_FASHION = (_MATERIAL, _SEASON)

#: Attributes of a category and all below it, in addition to the common ones.
MORE: dict[str, tuple[Attribute, ...]] = {
    "600001": _FASHION,
    "800001": _FASHION,
    "641000": (_CAPACITY,),
    **MARKET_ATTRIBUTES,
}
#: Rules of a category and all below it. The nearest ones apply.
RULES: dict[str, Rules] = {
    "600001": Rules(size_chart="supported"),
    "800001": Rules(size_chart="supported"),
    "603000": Rules(size_chart="required", seller_sku_required=True),
    "614000": Rules(parcel_required=False),
    "641000": Rules(certifications=(Certification("602362", "PSEマーク適合証明", expires=True),)),
}
