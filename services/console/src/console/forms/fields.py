"""The fields of a product's form, one text each, and what their texts mean."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import httpx

from console.forms.characters import line_of, lines_of
from console.forms.errors import FieldError, Wrong
from console.forms.numbers import AMOUNTS, whole_number
from shopsync_contracts.events import EditChanges, ProductSnapshot, SnapshotContent
from shopsync_runtime.public_addresses import may_be_public

UPSTREAM: Final = ("name", "description", "images", "price")
SIDES: Final = ("length", "width", "height")
TEXTS: Final = (*UPSTREAM, "category_id", "brand_id", "package_weight_g", *SIDES, "size_chart_image")
ONE_LINE: Final = frozenset(TEXTS) - {"description", "images"}
_IDS: Final = frozenset({"category_id", "brand_id"})
_ID: Final = re.compile("[1-9][0-9]*")
_DIGITS: Final = str.maketrans("０１２３４５６７８９", "0123456789")
_ADDRESS: Final = re.compile(r"https?://[^\s/]\S*", re.IGNORECASE)
_HOST: Final = re.compile(rb"[0-9A-Za-z_.:-]+")
_LAST_PORT: Final = 65_535
_QUOTED: Final = 100


def texts_of(content: SnapshotContent) -> dict[str, str]:
    """The values in force, as the form shows them."""
    size = content.package_dimensions_cm
    values: dict[str, Any] = {
        "name": content.name,
        "description": content.description,
        "images": "\n".join(content.images),
        "price": content.price,
        "category_id": content.category_id,
        "brand_id": content.brand_id,
        "package_weight_g": content.package_weight_g,
        **{side: None if size is None else getattr(size, side) for side in SIDES},
        "size_chart_image": content.size_chart_image,
    }
    return {name: plain(name, "" if value is None else str(value)) for name, value in values.items()}


def plain(name: str, text: str) -> str:
    """As it is compared and sent: line ends are the same from every browser, and characters that nobody sees are out.

    An id of blanks alone stays one, so that it is refused instead of clearing the field.
    """
    plain_text = line_of(text) if name in ONE_LINE else lines_of(text)
    return " " if name in _IDS and text and not plain_text else plain_text


def value_of(name: str, text: str) -> Any:
    """What is sent for a text; None for a blank one. Raises Wrong."""
    if not text:
        if name in UPSTREAM:
            raise Wrong("needed")
        return None
    if name in AMOUNTS:
        return whole_number(text, AMOUNTS[name])
    if name in _IDS:
        return _tiktok_id(text)
    if name == "images":
        return addresses(text.split("\n"))
    if name == "size_chart_image":
        return addresses([text])[0]
    return text


def _tiktok_id(text: str) -> str:
    """TikTok's ids are digits. Raises Wrong."""
    digits = text.translate(_DIGITS)
    if not _ID.fullmatch(digits):
        raise Wrong("tiktok_id", given=text[:_QUOTED])
    return digits


def addresses(lines: Sequence[str]) -> tuple[str, ...]:
    """One in each line that is not blank. Raises Wrong."""
    found = tuple(line.strip() for line in lines if line.strip())
    for line in found:
        _check_address(line)
    return found


def _check_address(line: str) -> None:
    """Raises Wrong for anything but an absolute http(s) address without a password, which nobody fetches."""
    try:
        url = httpx.URL(line if _ADDRESS.fullmatch(line) else "")
    except (httpx.InvalidURL, UnicodeError):
        raise Wrong("address", address=line[:_QUOTED]) from None
    if not _HOST.fullmatch(url.raw_host) or (url.port or 0) > _LAST_PORT:
        raise Wrong("address", address=line[:_QUOTED])
    if url.userinfo:
        raise Wrong("address_password", host=url.host)


def private_addresses(changes: EditChanges) -> dict[str, FieldError]:
    """Images that nobody outside could fetch, by the name of their input. The publisher fetches none of them."""
    entered: dict[str, Iterable[str]] = {
        "images": changes.images or (),
        "size_chart_image": filter(None, [changes.size_chart_image]),
    }
    wrong = {
        name: next((one for one in found if not may_be_public(httpx.URL(one).host)), None)
        for name, found in entered.items()
    }
    return {name: FieldError("address_private", {"address": one[:_QUOTED]}) for name, one in wrong.items() if one}


def missing_fields(snapshot: ProductSnapshot) -> frozenset[str]:
    """Fields of the form that lack a value, from the paths in `missing`."""
    return frozenset(_field(path) for path in snapshot.missing)


def _field(path: str) -> str:
    root = path.partition("[")[0].partition(".")[0]
    if root == "skus":
        return "price" if path.endswith(".price") else "stock"
    return root
