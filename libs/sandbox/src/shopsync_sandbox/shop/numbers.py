"""Product numbers and JAN codes. Both contain the product's index, so that its product is found without a search."""

import re

_STYLES = 16
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_SERIALS = 1_000_000_000
_SKUS_PER_PRODUCT = 400


def product_no(index: int, code: str, japanese: str) -> str:
    """A number in one of 16 styles: letters, digits, hyphens, 32 bytes long, Japanese, case pairs.

    Indexes 14 and 15 modulo 16 differ from each other only by upper and lower case.
    """
    digits = f"{index:05}"
    styles = {
        4: f"{code.lower()}{digits}",
        5: f"{code.lower()}{digits}",
        6: f"{code}_{digits}-{_LETTERS[index % len(_LETTERS)]}",
        7: f"{index:08}",
        8: f"{digits}.{_LETTERS[index % len(_LETTERS)].lower()}",
        10: f"{japanese}-{digits}",
        11: f"ｱﾊﾟﾚﾙ{digits}",
        12: f"ITEM-OF-THE-ONLINE-SHOP-{index:08}",
        14: f"Mix-{digits}",
        15: f"mIX-{index - 1:05}",
    }
    return styles.get(index % _STYLES, f"{code}-{digits}")


def index_candidates(number: str) -> tuple[int, ...]:
    """The indexes whose generated product number could be `number`. The caller compares."""
    runs = re.findall(r"[0-9]{5,}", number)
    if len(runs) != 1:
        return ()
    index = int(runs[0])
    return (index, index + 1)


def check_digit(twelve: str) -> str:
    """The 13th digit of a JAN (EAN-13) code: weights 1 and 3 from the left, complement to ten."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(twelve))
    return str(-total % 10)


def jan_code(index: int, ordinal: int, maker: int) -> str:
    """A valid JAN code with a Japanese prefix (45 or 49), unique in a shop for its first 2.5 million products."""
    prefix = "49" if maker % 2 else "45"
    serial = (index * _SKUS_PER_PRODUCT + ordinal) % _SERIALS
    twelve = f"{prefix}{maker // 2 % 10}{serial:09}"
    return twelve + check_digit(twelve)


def index_of_jan(code: str) -> int | None:
    """The index of the product with this code; None when the code is not a generated one."""
    if not re.fullmatch(r"4[59][0-9]{11}", code):
        return None
    return int(code[3:12]) // _SKUS_PER_PRODUCT
