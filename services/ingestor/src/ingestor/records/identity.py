"""Who a source record is about, read before anything else: it counts as present even when the rest is unreadable."""

from collections.abc import Iterable
from dataclasses import dataclass

from ingestor.records.source_map import Record, SourceMap
from ingestor.records.values import Unreadable, text, whole

MAX_BYTES = 32


@dataclass(frozen=True, slots=True)
class Listed:
    """One record of a listing. `upstream_id` is None where the source gives none that can be one."""

    product_no: str
    upstream_id: int | None
    record: Record


@dataclass(frozen=True, slots=True)
class Identified:
    """A page's records by product. `nameless` ones have no readable product number: nobody knows who they are."""

    listed: list[Listed]
    unusable: list[Listed]
    nameless: int


def identify(records: Iterable[Record], table: SourceMap) -> Identified:
    """Read the product numbers of a page. `unusable` are numbers that the contract cannot carry (IM-8)."""
    listed: list[Listed] = []
    unusable: list[Listed] = []
    nameless = 0
    for record in records:
        number = _number(record, table)
        if not number:
            nameless += 1
            continue
        (listed if usable(number) else unusable).append(Listed(number, _upstream_id(record, table), record))
    return Identified(listed, unusable, nameless)


def usable(product_no: str) -> bool:
    """Whether the contract can carry this product number."""
    return 1 <= len(product_no.encode()) <= MAX_BYTES and "/" not in product_no


def _upstream_id(record: Record, table: SourceMap) -> int | None:
    try:
        return whole(*table.value(record, "upstream_id"))
    except Unreadable:
        return None


def _number(record: Record, table: SourceMap) -> str:
    try:
        return text(*table.value(record, "product_no"))
    except Unreadable:
        return ""
