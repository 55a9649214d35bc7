"""Whatever futureshop sends, a record becomes a message or a refusal by name: nothing else may happen (IM-8)."""

from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ingestor.records.mapping import Stock, to_product, to_stock
from ingestor.records.product_numbers import identify, usable
from ingestor.records.source_map import TABLE, SourceMap
from ingestor.records.values import Unreadable
from shopsync_contracts import new_event, parse
from shopsync_contracts.events import ProductChanged, ProductRemoved

NOW = datetime(2026, 11, 23, tzinfo=UTC)
WORDS = sorted({step for path in TABLE.values() for step in (path or "").split(".")})
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(st.characters(codec=None), max_size=12)
    | st.sampled_from(["2026-11-22T18:30:00", "1", "true", "M", "A-1"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=12,
)
RECORDS = st.dictionaries(st.sampled_from(WORDS), JSON, max_size=10)
GOOD = {
    "productNo": "A-1",
    "dateUpdated": "2026-11-22T18:30:00",
    "name": "x",
    "inventoryEnabled": False,
}


def taken(record, table):
    """(product, "") or (None, the refusal)."""
    try:
        return to_product(record, to_stock(record, table), table, observed_at=NOW), ""
    except Unreadable as problem:
        return None, str(problem)


@settings(max_examples=400, deadline=None)
@given(record=RECORDS)
@example(record={"productNo": "\ud800"})
def test_any_record_is_carried_or_refused(record):
    table = SourceMap()
    found = identify([record], table)
    assert len(found.listed) + len(found.unusable) + found.nameless == 1
    assert isinstance(to_stock(record, table), Stock)
    product, refusal = taken({**GOOD, **record}, table)
    if product is None:
        assert ": " in refusal, "it names the field"
        return
    body = ProductChanged(shop_key="demo", product_no="A-1", mode="changed_only", observed_at=NOW, product=product)
    event = new_event(body, source="/tests", id="1", time=NOW)
    assert parse(event.to_bytes()) == event


@given(number=st.text(st.characters(codec="utf-8"), max_size=40))
def test_usable_numbers_are_those_the_contract_takes(number):
    body = {"shop_key": "demo", "product_no": number, "enumeration": None}
    errors = _problems(body)
    assert usable(number) == ("product_no" not in errors)


def _problems(body):
    try:
        ProductRemoved.model_validate(body)
    except ValidationError as error:
        return {detail["loc"][0] for detail in error.errors()}
    return set()
