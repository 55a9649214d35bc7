"""Whatever futureshop sends, a record becomes a message or a refusal by name: nothing else may happen (IM-8)."""

from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ingestor.records.mapping import Stock, to_product, to_stock
from ingestor.records.product_numbers import fault_of, identify
from ingestor.records.source_map import TABLE, SourceMap
from ingestor.records.values import Unreadable
from shopsync_contracts import new_event, parse
from shopsync_contracts.events import ProductChanged, ProductRemoved, UpstreamProduct

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
    model = UpstreamProduct.model_validate_json(product)
    assert model.model_dump_json().encode() == product, "it is written as its model would write it"
    body = ProductChanged(shop_key="demo", product_no="A-1", mode="changed_only", observed_at=NOW, product=model)
    event = new_event(body, source="/tests", id="1", time=NOW)
    assert parse(event.to_bytes()) == event


@settings(max_examples=200, deadline=None)
@given(
    moment=st.datetimes(datetime(1971, 1, 1), datetime(2026, 11, 1)),  # noqa: DTZ001 - as futureshop writes it
    zone=st.sampled_from(["", "Z", "+00:00", "-00:00", "+09:00", "+0900", "-03:30"]),
    texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=3, max_size=3),
    numbers=st.lists(st.none() | st.integers(0, 999_999_999), min_size=4, max_size=4),
)
def test_times_texts_and_numbers_are_written_as_the_model_writes_them(moment, zone, texts, numbers):
    combination = {"verticalNo": "M", "horizontalNo": "1"}
    record = {
        **GOOD,
        "dateUpdated": moment.isoformat() + zone,
        "dateCreated": moment.isoformat(),
        "name": texts[0],
        "comment": {"main": texts[1]},
        "image": {"list": [{"url": "https://img/1"}]},
        "unitPrice": numbers[0],
        "taxEnabled": True,
        "inventoryEnabled": True,
        "preorder": {"enabled": False, "price": numbers[1]},
        "variation": {"verticalName": texts[2], "skuList": [{**combination, "verticalName": texts[2]}]},
        "optionPriceList": [{**combination, "unitPrice": numbers[2]}],
        "inventoryInfo": {"regular": {"inventoryList": [{**combination, "count": numbers[3]}]}},
    }
    product, refusal = taken(record, SourceMap())
    assert refusal == ""
    model = UpstreamProduct.model_validate_json(product)
    assert model.model_dump_json().encode() == product
    assert (model.name, model.skus[0].price, model.skus[0].stock) == (texts[0], numbers[2], numbers[3])


@given(number=st.text(st.characters(codec="utf-8"), max_size=40))
def test_usable_numbers_are_those_the_contract_takes(number):
    body = {"shop_key": "demo", "product_no": number, "enumeration": None}
    errors = _problems(body)
    assert bool(fault_of(number)) == ("product_no" in errors)


def test_what_is_wrong_with_a_number_is_said_as_the_contract_says_it():
    assert fault_of("商" * 11) == "must be 1 to 32 bytes of UTF-8, has 33"
    assert fault_of("A/1").startswith("must not hold '/'")


def _problems(body):
    try:
        ProductRemoved.model_validate(body)
    except ValidationError as error:
        return {detail["loc"][0] for detail in error.errors()}
    return set()
