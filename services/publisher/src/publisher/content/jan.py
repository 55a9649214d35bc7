"""Reads JAN codes as merchants write them. Pure."""

import re
import unicodedata

_BETWEEN = re.compile("[\\s\u00ad\u200b-\u200f\u2060\ufeff\\-\u2010-\u2015\u2212\u30fc\u2043\u02d7]+")
"""Blanks, hyphens and dashes, and the long vowel mark, which is next to the hyphen on Japanese keyboards."""
_JAN, _UPC = frozenset({8, 13}), 12


def read_jan(text: str) -> str | None:
    """The 8 or 13 digits, whose last one is a check digit (GS1, modulo 10); None when it is no JAN.

    Full-width digits, blanks and hyphens are accepted, as in a printed ISBN-13. A UPC of 12 digits becomes a JAN with a
    leading 0. Zeros alone are a placeholder, not a code.
    """
    code = _BETWEEN.sub("", unicodedata.normalize("NFKC", text))
    if not (code.isascii() and code.isdigit()):
        return None
    if len(code) == _UPC:
        code = f"0{code}"
    if len(code) not in _JAN or not code.strip("0"):
        return None
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(code)))
    return code if weighted % 10 == 0 else None
