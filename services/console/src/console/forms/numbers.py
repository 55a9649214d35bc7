"""Numbers as merchants write them: for every field of the console that takes one. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from console.forms.errors import Wrong
from console.text import ALL
from shopsync_contracts.limits import (
    MAX_CENTIMETRES,
    MAX_INTERVAL_MINUTES,
    MAX_PRICE,
    MAX_QUANTITY,
    MAX_RATE_PERCENT,
    MAX_WEIGHT_G,
)
from shopsync_readmodel.words import Words

_PLAIN: Final = str.maketrans("０１２３４５６７８９，．－−￥", "0123456789,.--¥")
"""Of full-width characters those of a number alone. Compatible ones are something else to a reader: ① and ² are no 1
and 2.
"""
_GROUPED: Final = r"(?:[0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+)"
_WHOLE: Final = re.compile(rf"([^0-9,]*)({_GROUPED})((?![0-9,]).*)?", re.DOTALL)
_DECIMAL: Final = re.compile(rf"{_GROUPED}(?:\.[0-9]+)?")
_MOST_DIGITS: Final = 18
"""Python reads no more than some thousand digits, and takes long for these."""
_QUOTED: Final = 40


@dataclass(frozen=True, slots=True)
class Amount:
    """What a field takes: its range with both ends, its unit, and how the unit may stand before and after the digits.

    `example`: the same number in some ways that are taken.
    """

    least: int
    most: int
    unit: Words
    example: str
    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()

    def says(self) -> dict[str, object]:
        """For the texts of errors."""
        return {"least": f"{self.least:,}", "most": f"{self.most:,}", "unit": self.unit, "example": self.example}


def _unit(name: str) -> Words:
    japanese, english = ALL[f"fields.unit_{name}"]
    return Words(english, japanese)


PRICE: Final = Amount(
    1, MAX_PRICE, _unit("price"), "1200、1,200、￥1,200", frozenset({"¥", "\\"}), frozenset({"円", "yen"})
)
GRAMS: Final = Amount(1, MAX_WEIGHT_G, _unit("package_weight_g"), "500、500g", after=frozenset({"g", "グラム"}))
CENTIMETRES: Final = Amount(
    1,
    MAX_CENTIMETRES,
    _unit("package_dimensions_cm"),
    "30、30cm",
    after=frozenset({"cm", "センチ", "センチメートル"}),
)
STOCK: Final = Amount(0, MAX_QUANTITY, _unit("stock"), "10、1,000", after=frozenset({"個", "点"}))
MINUTES: Final = Amount(1, MAX_INTERVAL_MINUTES, _unit("interval"), "60", after=frozenset({"分", "min"}))
PERCENT: Final = Amount(0, MAX_RATE_PERCENT, _unit("rate"), "10", after=frozenset({"%", "パーセント"}))

AMOUNTS: Final[Mapping[str, Amount]] = {
    "price": PRICE,
    "package_weight_g": GRAMS,
    "length": CENTIMETRES,
    "width": CENTIMETRES,
    "height": CENTIMETRES,
}
"""By the name of the field in a product's form."""


def whole_number(text: str, amount: Amount) -> int:
    """Also with full-width digits, commas between thousands and the unit. Raises Wrong."""
    found = _WHOLE.fullmatch(text.translate(_PLAIN).strip())
    if found is None:
        raise _no_number(text, amount)
    before, digits, after = found[1].strip(), found[2].replace(",", "").lstrip("0") or "0", _compared(found[3] or "")
    if before.replace("-", "", 1).strip() not in {"", *amount.before} or after not in {"", *amount.after}:
        raise _no_number(text, amount)
    number = int(digits) if len(digits) <= _MOST_DIGITS else amount.most + 1
    if "-" in before or not amount.least <= number <= amount.most:
        raise Wrong("out_of_range", **amount.says())
    return number


def decimal_number(text: str) -> str | None:
    """A number over 0 with plain digits, without commas; None for any other text."""
    plain = text.translate(_PLAIN).strip()
    return plain.replace(",", "") if _DECIMAL.fullmatch(plain) and plain.strip("0.,") else None


def _compared(unit: str) -> str:
    """㎝, ｃｍ and CM are cm. Full-width percent signs and letters stand for the plain ones in a unit."""
    return unicodedata.normalize("NFKC", unit).strip().casefold()


def _no_number(text: str, amount: Amount) -> Wrong:
    given = text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
    return Wrong("no_whole_number", given=given, **amount.says())
