"""Attributes of the wide part of the tree: of every kind that TikTok has. Invented ids."""

from typing import Any

from shopsync_sandbox.tiktok.taxonomy.market import MARKET
from shopsync_sandbox.tiktok.taxonomy.types import Attribute


def _choice(attribute_id: str, name: str, values: str, **differs: Any) -> Attribute:
    """Its values have the attribute's id and their place as ids."""
    return Attribute(
        attribute_id,
        name,
        values={f"{attribute_id}{place}": value for place, value in enumerate(values.split(" "), start=1)},
        **differs,
    )


def _free_text(attribute_id: str, name: str, *, required: bool = False) -> Attribute:
    return Attribute(attribute_id, name, required=required, custom=True)


def _number(
    attribute_id: str, name: str, *, required: bool = False, depends_on: tuple[str, str] | None = None
) -> Attribute:
    return Attribute(attribute_id, name, required=required, custom=True, number=True, depends_on=depends_on)


_CLOTHES = (
    _choice(
        "100900",
        "衣類の素材",
        "綿 麻 ウール 絹 ポリエステル ナイロン レーヨン",
        required=True,
        multiple=True,
        custom=True,
    ),
    _choice("100901", "柄", "無地 ストライプ チェック 花柄 水玉 和柄", custom=True),
    _choice("100902", "着用シーン", "普段着 通勤 フォーマル 部屋着", multiple=True),
    _free_text("100903", "お手入れ方法"),
)
_FOOD = (
    _number("100910", "内容量(g)", required=True),
    _choice("100911", "保存方法", "常温 冷蔵 冷凍", required=True),
    _choice("100912", "アレルギー物質", "えび かに くるみ 小麦 そば 卵 乳 落花生 なし", required=True, multiple=True),
    _free_text("100913", "賞味期限", required=True),
    _choice("100914", "解凍方法", "電子レンジ 流水 自然解凍 加熱調理", custom=True, depends_on=("100911", "1009113")),
)
_KITCHEN = (
    _choice("100920", "生活用品の素材", "ステンレス アルミ 鉄 木 竹 陶器 ガラス 樹脂 綿", multiple=True, custom=True),
    _choice("100921", "食器洗い乾燥機", "対応 非対応"),
)
_HEALTH = (_choice("100930", "使用部位", "顔 手 肩 腰 足 全身", required=True, multiple=True),)
_APPLIANCE = (
    _free_text("100940", "型番", required=True),
    _choice("100941", "電源方式", "AC電源 充電式 乾電池 USB給電", required=True),
    _number("100942", "消費電力(W)", depends_on=("100941", "1009411")),
    _choice("100943", "保証期間", "なし 6か月 1年 2年 3年", custom=True),
)
_CAR = (_free_text("100950", "適合車種"),)
_BEAUTY = (
    _choice("100960", "医薬部外品", "はい いいえ", required=True),
    _choice(
        "100961",
        "有効成分",
        "トラネキサム酸 ナイアシンアミド グリチルリチン酸",
        multiple=True,
        custom=True,
        depends_on=("100960", "1009601"),
    ),
    _number("100962", "内容量(mL)", required=True),
    _choice("100963", "肌質", "普通肌 乾燥肌 脂性肌 混合肌 敏感肌", multiple=True),
    _choice("100964", "香り", "無香料 柑橘 花 石けん 白檀", custom=True),
    _free_text("100965", "全成分", required=True),
)
_PET = (
    _choice("100970", "対象のペット", "犬 猫 小動物 鳥 魚", required=True),
    _choice("100971", "犬の大きさ", "超小型犬 小型犬 中型犬 大型犬", multiple=True, depends_on=("100970", "1009701")),
    _choice("100972", "対象年齢(ペット)", "幼齢 成長期 成年 高齢 全年齢", multiple=True),
)
_BABY = (
    _choice("100980", "対象月齢", "新生児 3か月から 6か月から 12か月から 24か月から", required=True),
    _choice("100981", "安全基準", "SG ST PSC", multiple=True),
)
_TOYS = (
    _choice("100990", "対象年齢", "3歳未満 3歳以上 6歳以上 12歳以上 15歳以上", required=True, custom=True),
    _number("100991", "遊べる人数"),
)
_FURNITURE = (
    _number("101000", "幅(cm)", required=True),
    _number("101001", "奥行(cm)", required=True),
    _number("101002", "高さ(cm)", required=True),
    _choice("101003", "組立", "完成品 要組立", required=True),
    _number("101004", "組立時間(分)", depends_on=("101003", "1010032")),
    _choice("101005", "家具の素材", "木 竹 スチール 合成皮革 布", required=True, multiple=True, custom=True),
)
_BAGS = (
    _choice(
        "101010", "表面の素材", "牛革 合成皮革 帆布 ナイロン 絹 真鍮 銀", required=True, multiple=True, custom=True
    ),
    _choice("101011", "開閉方式", "ファスナー ボタン マグネット 開放", custom=True),
)

_OF_FIRST_LEVELS: dict[str, tuple[Attribute, ...]] = {
    "600001": _CLOTHES[1:],  # its material is asked for already
    "610000": _FOOD,
    "620000": _KITCHEN,
    "630000": _HEALTH,
    "640000": _APPLIANCE,
    "650000": _CAR,
    "670000": _CLOTHES,
    "680000": _BEAUTY,
    "690000": _PET,
    "700000": _BABY,
    "710000": _CLOTHES,
    "720000": (),
    "730000": _TOYS,
    "740000": (),
    "750000": _FURNITURE,
    "760000": _BAGS,
}

MARKET_ATTRIBUTES: dict[str, tuple[Attribute, ...]] = {
    row[0]: _OF_FIRST_LEVELS[row[1]] for row in MARKET if row[1] in _OF_FIRST_LEVELS and _OF_FIRST_LEVELS[row[1]]
}
"""By second level: categories that stood in the tree before keep the attributes that they had."""
