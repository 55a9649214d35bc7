"""The Japanese category trees (v1 and v2), their attributes, rules and brands. Invented ids, real shapes."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Category:
    """A node of a tree; `parent_id` "0" is a root."""

    id: str
    parent_id: str
    name: str
    version: str
    permission: str = "AVAILABLE"


@dataclass(frozen=True, slots=True)
class Attribute:
    """`values` maps value id to name. `depends_on`: required once that (attribute id, value id) is chosen."""

    id: str
    name: str
    sales: bool = False
    required: bool = False
    multiple: bool = False
    custom: bool = False
    values: dict[str, str] = field(default_factory=dict)
    depends_on: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Brand:
    """`t1` brands cannot be used without authorisation at all."""

    id: str
    name: str
    authorised: bool = True
    t1: bool = False


_V1 = (
    ("600001", "0", "レディースファッション"),
    ("601000", "600001", "靴下・タイツ"),
    ("601234", "601000", "ソックス"),
    ("601235", "601000", "タイツ・ストッキング"),
    ("602000", "600001", "トップス"),
    ("602100", "602000", "Tシャツ・カットソー"),
    ("602101", "602000", "ニット・セーター"),
    ("610000", "0", "食品・飲料"),
    ("611000", "610000", "お茶・コーヒー"),
    ("611100", "611000", "日本茶"),
    ("612000", "610000", "お菓子"),
    ("612100", "612000", "和菓子"),
    ("620000", "0", "ホーム・キッチン"),
    ("621000", "620000", "食器"),
    ("621100", "621000", "マグカップ・湯のみ"),
    ("621101", "621000", "皿・プレート"),
    ("630000", "0", "健康・医療"),
    ("631000", "630000", "健康食品"),
    ("631100", "631000", "サプリメント", "INVITE_ONLY"),
    ("632000", "630000", "医薬品"),
    ("632100", "632000", "処方薬", "PROHIBITED"),
)
_V2 = (
    ("800001", "0", "ファッション"),
    ("800100", "800001", "レディース"),
    ("800110", "800100", "靴下・タイツ"),
    ("800111", "800110", "ソックス"),
    ("800120", "800100", "トップス"),
    ("800121", "800120", "Tシャツ"),
    ("810000", "0", "食品"),
    ("810100", "810000", "お茶"),
    ("810110", "810100", "日本茶"),
    ("820000", "0", "ホーム"),
    ("820100", "820000", "食器"),
    ("820110", "820100", "マグカップ"),
    ("830000", "0", "健康"),
    ("830100", "830000", "サプリメント", "INVITE_ONLY"),
    ("830200", "830000", "処方薬", "PROHIBITED"),
)

COLOUR, SIZE = "100000", "100007"
_SALES = (
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
_MATERIAL = Attribute(
    "100398",
    "素材",
    required=True,
    multiple=True,
    custom=True,
    values={"1001001": "綿", "1001002": "ウール", "1001003": "ポリエステル"},
)
_SEASON = Attribute("100399", "季節", multiple=True, values={"1001011": "春夏", "1001012": "秋冬"})
_FASHION_ROOTS = frozenset({"600001", "800001"})

BRANDS = (
    Brand("7080000000000000001", "きぬがさ織物"),
    Brand("7080000000000000002", "ひだまり製作所"),
    Brand("7080000000000000003", "未承認ブランド", authorised=False),
    Brand("7080000000000000004", "世界的ブランド", authorised=False, t1=True),
)


class Catalogue:
    """Read-only: the same for every shop and seed."""

    def __init__(self) -> None:
        self.categories: dict[str, Category] = {
            row[0]: Category(row[0], row[1], row[2], version, *row[3:])
            for version, rows in (("v1", _V1), ("v2", _V2))
            for row in rows
        }
        self._parents = {category.parent_id for category in self.categories.values()}
        self.brands = {brand.id: brand for brand in BRANDS}

    def is_leaf(self, category_id: str) -> bool:
        return category_id not in self._parents

    def chain(self, category_id: str) -> list[Category]:
        """From the root to this category; empty when it is unknown."""
        found: list[Category] = []
        category = self.categories.get(category_id)
        while category is not None:
            found.append(category)
            category = self.categories.get(category.parent_id)
        return found[::-1]

    def attributes(self, category_id: str) -> tuple[Attribute, ...]:
        """Sales attributes first, then product attributes; empty for an unknown category."""
        chain = self.chain(category_id)
        if not chain:
            return ()
        common = (*_SALES, _ORIGIN, _BATTERY, _BATTERY_KIND)
        return (*common, _MATERIAL, _SEASON) if chain[0].id in _FASHION_ROOTS else common

    def sales_attribute(self, attribute_id: str) -> Attribute | None:
        return next((a for a in _SALES if a.id == attribute_id), None)

    def sales_attribute_named(self, name: str) -> Attribute | None:
        return next((a for a in _SALES if a.name == name), None)
