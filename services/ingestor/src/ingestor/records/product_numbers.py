"""Reads the product number of a source record first: the product is present even if the rest is unreadable."""

from collections.abc import Iterable
from dataclasses import dataclass

from ingestor.records.source_map import Record, SourceMap
from ingestor.records.values import Unreadable, text, whole
from shopsync_contracts.fields import checked_key


@dataclass(frozen=True, slots=True)
class Listed:
    """One record of a listing. `upstream_id` is None if the source has no valid one."""

    product_no: str
    upstream_id: int | None
    record: Record


@dataclass(frozen=True, slots=True)
class Identified:
    """The records of a page by product. `nameless` counts those without a readable product number."""

    listed: list[Listed]
    unusable: list[Listed]
    nameless: int


def identify(records: Iterable[Record], table: SourceMap) -> Identified:
    """Read the product numbers of a page. `unusable` are numbers that the contract does not allow (IM-8)."""
    listed: list[Listed] = []
    unusable: list[Listed] = []
    nameless = 0
    for record in records:
        number = _number(record, table)
        if not number:
            nameless += 1
            continue
        (unusable if fault_of(number) else listed).append(Listed(number, _upstream_id(record, table), record))
    return Identified(listed, unusable, nameless)


def fault_of(product_no: str) -> str:
    """Why the contract does not allow this product number; empty when it does."""
    try:
        checked_key(product_no)
    except ValueError as error:
        return str(error)
    return ""


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
