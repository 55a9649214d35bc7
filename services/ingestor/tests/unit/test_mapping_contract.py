"""The contract between futureshop's replies and our events: recorded replies, under their own and under other names."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from ingestor.futureshop.searches import all_products, all_stock
from ingestor.futureshop.shops import load_mapping
from ingestor.records.mapping import to_product, to_stock
from ingestor.records.product_numbers import identify
from ingestor.records.source_map import TABLE, SourceMap
from ingestor.records.values import Unreadable
from shopsync_sandbox.futureshop import FutureshopSandbox

RECORDED = Path(__file__).with_name("recorded")
OTHER_NAMES = RECORDED / "other-names.yaml"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
LISTS = {"images": "image", "skus": "sku", "sku_prices": "sku_price", "stock": "stock", "preorder_stock": "stock"}
"""List of the source → prefix of the rows that name the members of its items."""


def recorded(name):
    return json.loads((RECORDED / name).read_text(encoding="utf-8"))


def events_of(products, inventory, table):
    """Product number → what product.changed says about the product."""
    stocks = {each.product_no: to_stock(each.record, table) for each in identify(inventory, table).listed}
    return {
        each.product_no: json.loads(to_product(each.record, stocks.get(each.product_no), table, observed_at=NOW))
        for each in identify(products, table).listed
    }


def under_other_names(record, names, *, prefix=""):
    """The record with every member of the table moved to the place that `names` gives it."""
    renamed = {}
    for target, path in TABLE.items():
        member = target.removeprefix(f"{prefix}.") if prefix else target
        mine = (
            target.startswith(f"{prefix}.")
            if prefix
            else target.split(".")[0] not in LISTS.values() or (target in LISTS)
        )
        if not mine or (found := _get(record, path.split("."))) is None:
            continue
        if member in LISTS and not prefix:
            found = [under_other_names(item, names, prefix=LISTS[member]) for item in found]
        _replace(renamed, names[target].split("."), found)
    return renamed


def _get(place, steps):
    for step in steps:
        place = place.get(step) if isinstance(place, dict) else None
    return place


def _replace(place, steps, value):
    for step in steps[:-1]:
        place = place.setdefault(step, {})
    place[steps[-1]] = value


def test_recorded_replies_give_the_recorded_events():
    products, inventory = recorded("products.json")["productList"], recorded("inventory.json")["productList"]
    assert events_of(products, inventory, SourceMap()) == recorded("expected.json")


def test_the_same_replies_under_other_names_give_the_same_events():
    """IM-8 aside, names are all that the table knows: a file of rows is enough when futureshop calls them otherwise."""
    names = yaml.safe_load(OTHER_NAMES.read_text(encoding="utf-8"))
    assert names.keys() == TABLE.keys(), "every row is exercised"
    products = [under_other_names(record, names) for record in recorded("products.json")["productList"]]
    inventory = [under_other_names(record, names) for record in recorded("inventory.json")["productList"]]
    assert not {"productNo", "unitPrice", "variation"} & products[0].keys()
    assert events_of(products, inventory, load_mapping(OTHER_NAMES)) == recorded("expected.json")
    assert identify(products, SourceMap()).nameless == len(products), "our names are really gone"


def told(products, inventory, table):
    """The events, or "refused" when a product cannot be taken any more."""
    try:
        return events_of(products, inventory, table)
    except Unreadable:
        return "refused"


@pytest.mark.parametrize("target", sorted(TABLE))
def test_every_row_matters(target):
    """A row that nothing reads would be a promise nobody keeps: without it the events are others, or refused."""
    products, inventory = recorded("products.json")["productList"], recorded("inventory.json")["productList"]
    table = SourceMap().adjusted({target: "no.such.member"})
    # These three matter for records that are not among the recorded ones, or beside the event.
    silent = {"upstream_id", "has_variations", "preorder.start"}
    assert (told(products, inventory, table) == recorded("expected.json")) == (target in silent)


async def test_the_sandbox_still_gives_the_recorded_replies(connect):
    """What is recorded and what all other tests run against are the same shop: the demo's, seed 1."""
    client = connect(FutureshopSandbox(["demo:200"], requests_per_second=0))
    numbers = ",".join(record["productNo"] for record in recorded("products.json")["productList"])
    for search, name in ((all_products(250), "products.json"), (all_stock(), "inventory.json")):
        asked = type(search)(search.path, {**search.params, "productNo": numbers})
        assert (await client.page(asked)).records == recorded(name)["productList"]
