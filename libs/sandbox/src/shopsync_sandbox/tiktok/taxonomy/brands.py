"""Brands: those that tests and pages name first, then some 300 more, Japanese and foreign. All are invented."""

from itertools import product

from shopsync_sandbox.tiktok.taxonomy.types import Brand

_FOOD = frozenset({"610000", "810000"})
_NAMED = (
    Brand("7080000000000000001", "きぬがさ織物"),
    Brand("7080000000000000002", "ひだまり製作所"),
    Brand("7080000000000000003", "未承認ブランド", authorised=False),
    Brand("7080000000000000004", "世界的ブランド", authorised=False, t1=True),
    Brand("7080000000000000005", "期限切れブランド", expired=True),
    Brand("7080000000000000006", "食品専門ブランド", roots=_FOOD),
)
_PLACES = (
    *("あさひ", "みなと", "かえで", "こまち", "しずく", "ひびき", "つむぎ", "やまぶき"),
    *("いろは", "つばめ", "むらさき", "ほたる", "ゆずりは", "はなうた", "北斗"),
)
_TRADES = ["織物", "製作所", "本舗", "工房", "堂", "化粧品", "食品工業", "電機", "スポーツ", "文具"]
_WORDS = (
    *("Alderwood", "Brightfell", "Cedarline", "Dunmore", "Elmhurst", "Fernleigh", "Greystoke", "Hollowbrook"),
    *("Ivyfield", "Juniper", "Kestrel", "Larkspur", "Maplewick", "Northgate", "Oakenford"),
)
_LINES = ["Apparel", "Beauty", "Home", "Kitchen", "Outdoor", "Audio", "Kids", "Paws", "Studio", "& Sons"]
_FIRST_MORE = 7080000000000000101
_FOR_FOOD = "食品工業"


def _more() -> tuple[Brand, ...]:
    names = [f"{place}{trade}" for place, trade in product(_PLACES, _TRADES)]
    names += [f"{word} {line}" for word, line in product(_WORDS, _LINES)]
    return tuple(
        Brand(
            str(_FIRST_MORE + number),
            name,
            authorised=number % 9 != 8,
            t1=number % 45 == 44,
            roots=_FOOD if name.endswith(_FOR_FOOD) else None,
        )
        for number, name in enumerate(names)
    )


BRANDS = (*_NAMED, *_more())
