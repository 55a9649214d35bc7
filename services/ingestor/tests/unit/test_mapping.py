"""From futureshop's records to the contract, field by field."""

from datetime import datetime, timedelta

import pytest

from ingestor.records.mapping import to_product, to_stock
from ingestor.records.source_map import NEVER_READ, TABLE, SourceMap
from ingestor.records.values import Unreadable
from shopsync_contracts import new_event, parse
from shopsync_contracts.events import Axes, ProductChanged, Tax, UpstreamProduct
from shopsync_contracts.times import JST
from shopsync_contracts.topics import PRODUCT_CHANGES

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=JST)


def record(**changes):
    return {
        "id": 7,
        "productNo": "A-100",
        "name": "ベルト",
        "visible": False,
        "dateCreated": "2026-10-01T10:00:00",
        "dateUpdated": "2026-11-22T18:30:00",
        "unitPrice": 3500,
        "listPrice": 5001,
        "bodyPrice": 3181,
        "memberPrice": 2502,
        "memberStagePrices": [{"stage": "ゴールド", "price": 2403}],
        "taxEnabled": False,
        "taxRate": 10,
        "inventoryEnabled": True,
        "variationEnabled": True,
        "comment": {"main": "<p>革</p>"},
        "image": {"list": [{"url": "https://img/1.jpg"}, {"url": "https://img/2.jpg"}]},
        "preorder": {"enabled": False, "price": None, "periodStart": None, "periodEnd": None},
        "variation": {
            "verticalName": "サイズ",
            "horizontalName": None,
            "skuList": [
                {"verticalNo": "S", "horizontalNo": "", "verticalName": "小", "horizontalName": "", "janCode": "49"},
                {"verticalNo": "M", "horizontalNo": "", "verticalName": "中", "horizontalName": "", "janCode": ""},
            ],
        },
        "optionPriceList": [{"verticalNo": "M", "horizontalNo": "", "unitPrice": 3800}],
        **changes,
    }


def stock(**changes):
    return to_stock(
        {
            "productNo": "A-100",
            "inventoryInfo": {
                "regular": {
                    "inventoryList": [
                        {"verticalNo": "S", "horizontalNo": "", "count": 10},
                        {"verticalNo": "M", "horizontalNo": "", "count": 0},
                    ]
                },
                "preorder": {"inventoryList": [{"verticalNo": "S", "horizontalNo": "", "count": 4}]},
            },
            **changes,
        },
        SourceMap(),
    )


def product(table=None, at=NOW, with_stock=None, **changes):
    written = to_product(record(**changes), with_stock or stock(), table or SourceMap(), observed_at=at)
    return UpstreamProduct.model_validate_json(written)


def test_every_field_finds_its_place():
    found = product()
    assert found.updated_at == datetime(2026, 11, 22, 18, 30, tzinfo=JST)
    assert found.created_at == datetime(2026, 10, 1, 10, 0, tzinfo=JST)
    assert (found.name, found.description, found.visible) == ("ベルト", "<p>革</p>", False)
    assert found.images == ("https://img/1.jpg", "https://img/2.jpg")
    assert (found.regular_price, found.preorder_price, found.sale_form) == (3500, None, "regular")
    assert found.tax == Tax(included=False, rate_percent=10)
    assert found.axes == Axes(vertical="サイズ", horizontal=None)
    small, medium = found.skus
    assert (small.vertical_no, small.vertical_name, small.jan_code) == ("S", "小", "49")
    assert (small.price, small.stock, small.preorder_stock) == (None, 10, 4)
    assert (medium.price, medium.stock, medium.preorder_stock) == (3800, 0, None)


def test_other_prices_never_pass_the_border():
    """PR-4 to PR-6, NV-6, scenarios 18 and 19."""
    document = product().model_dump_json()
    for figure in ("5001", "3181", "2502", "2403"):
        assert figure not in document
    assert not NEVER_READ & {step for path in TABLE.values() for step in (path or "").split(".")}


@pytest.mark.parametrize("path", ["memberPrice", "a.memberStagePrices.b", "listPrice", "bodyPrice"])
def test_no_configuration_lets_them_in(path):
    with pytest.raises(ValueError, match=f"regular_price: {path} may never be read"):
        SourceMap().adjusted({"regular_price": path})


def test_the_table_can_be_adjusted():
    table = SourceMap().adjusted({"name": "titles.ja", "description": None})
    found = product(table, titles={"ja": "別名"})
    assert (found.name, found.description) == ("別名", "")
    with pytest.raises(ValueError, match="nam: there is no such contract field"):
        SourceMap().adjusted({"nam": "x"})


def test_ended_sales_period_and_hidden_products_change_nothing():
    """IM-2, IM-3, scenario 10."""
    ended = product(salesPeriod={"start": "2020-01-01T00:00:00", "end": "2020-02-01T00:00:00"})
    assert ended == product()


@pytest.mark.parametrize(
    ("start", "end", "at", "form"),
    [
        (None, None, NOW, "preorder"),
        ("2026-11-01T00:00:00", "2026-11-30T23:59:59", NOW, "preorder"),
        ("2026-11-23T09:00:00", None, NOW, "preorder"),
        ("2026-11-23T09:00:01", None, NOW, "regular"),
        (None, "2026-11-23T09:00:00", NOW + timedelta(milliseconds=999), "preorder"),
        (None, "2026-11-23T08:59:59", NOW, "regular"),
    ],
)
def test_sale_form_follows_the_period(start, end, at, form):
    """PR-2, PR-3, Q6, Q8: 予約販売 counts while its period is in force."""
    found = product(at=at, preorder={"enabled": True, "price": 3000, "periodStart": start, "periodEnd": end})
    assert (found.sale_form, found.preorder_price, found.regular_price) == (form, 3000, 3500)


def test_unmanaged_stock_has_no_number():
    """ST-7, ST-8."""
    found = product(inventoryEnabled=False)
    assert not found.stock_managed
    assert {sku.stock for sku in found.skus} == {None}
    unlisted = to_product(record(inventoryEnabled=False), None, SourceMap(), observed_at=NOW)
    assert UpstreamProduct.model_validate_json(unlisted) == found


def test_a_product_without_variations_has_one_sku():
    bare = product(variationEnabled=False, variation=None, optionPriceList=[])
    assert [(sku.vertical_no, sku.horizontal_no) for sku in bare.skus] == [("", "")]
    assert bare.axes is None


def test_400_skus_are_taken_and_401_are_not():
    """VA-2, scenario 37."""

    def grid(count):
        skus = [{"verticalNo": str(n % 50), "horizontalNo": str(n // 50)} for n in range(count)]
        return {"verticalName": "色", "horizontalName": "柄", "skuList": skus}

    assert len(product(variation=grid(400)).skus) == 400
    with pytest.raises(Unreadable, match=r"variation.skuList: has 401 SKUs"):
        product(variation=grid(401))


def test_one_axis_has_an_empty_other_number():
    """VA-3, scenario 38."""
    sku = {"verticalNo": "", "horizontalNo": "3", "horizontalName": "赤"}
    found = product(variation={"horizontalName": "色", "skuList": [sku]})
    assert [(sku.vertical_no, sku.horizontal_no) for sku in found.skus] == [("", "3")]


def test_numbers_and_flags_may_come_as_text():
    found = product(unitPrice="3500", taxRate="8", visible="true", inventoryEnabled=1, taxEnabled="0")
    assert (found.regular_price, found.visible, found.stock_managed) == (3500, True, True)
    assert found.tax == Tax(included=False, rate_percent=8)


def test_html_in_a_name_is_carried_as_it_is():
    assert product(name="<b>革</b> &amp; 布").name == "<b>革</b> &amp; 布"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ["x"]}, "name: must be a text"),
        ({"name": "\ud800"}, "name: holds half a character"),
        ({"unitPrice": "三千"}, "unitPrice: must be a whole number"),
        ({"unitPrice": 12.5}, "unitPrice: must be a whole number"),
        ({"unitPrice": True}, "unitPrice: must be a whole number"),
        ({"unitPrice": -1}, "unitPrice: must be from 0"),
        ({"unitPrice": 10**30}, "unitPrice: must be from 0"),
        ({"unitPrice": float("inf")}, "unitPrice: must be a whole number"),
        ({"dateUpdated": None}, "dateUpdated: is missing"),
        ({"dateUpdated": "yesterday"}, "dateUpdated: must be a time"),
        ({"dateUpdated": 20261122}, "dateUpdated: must be a time"),
        ({"dateUpdated": "2026-11-23T09:05:01"}, "dateUpdated: lies in the future"),
        ({"inventoryEnabled": None}, "inventoryEnabled: is missing"),
        ({"inventoryEnabled": "maybe"}, "inventoryEnabled: must be true or false"),
        ({"variation": {"skuList": []}}, "variation.skuList: the product has variations but no SKU"),
        ({"variation": {"skuList": "M"}}, "variation.skuList: must be a list"),
        ({"variation": {"skuList": [{"verticalNo": "0123456789"}]}}, "vertical_no.*at most 9 bytes"),
        ({"variation": {"skuList": [{"verticalNo": "1"}, {"verticalNo": "1"}]}}, "stands twice"),
        ({"optionPriceList": [{"verticalNo": "M", "unitPrice": "x"}]}, "optionPriceList.unitPrice"),
        ({"image": {"list": [{"url": 5.5}]}}, "url: must be a text"),
        ({"taxRate": 101}, "rate_percent"),
    ],
)
def test_a_bad_product_is_refused_by_field(changes, words):
    """IM-8."""
    with pytest.raises(Unreadable, match=words):
        product(**changes)


BEYOND = [
    ({"name": "名" * 2_001}, "product: name: String should have at most 2000 characters .*2001 characters"),
    ({"comment": {"main": "x" * 1_000_001}}, "product: description: String should have at most 1000000 characters"),
    ({"image": {"list": [{"url": "https://i/" + "x" * 4_096}]}}, "product: images.0: String should have at most 4096"),
    ({"image": {"list": [{"url": "https://i/1.jpg"}] * 201}}, "product: images: Array should have at most 200 items"),
    ({"unitPrice": 10**9}, r"product: regular_price: .* equal to 999999999 \(given: 1000000000\)"),
    ({"unitPrice": str(10**9)}, "product: regular_price: .* equal to 999999999"),
    ({"preorder": {"enabled": False, "price": 10**11}}, "product: preorder_price: .* equal to 999999999"),
    ({"optionPriceList": [{"verticalNo": "M", "horizontalNo": "", "unitPrice": 10**9}]}, "product: skus.1.price: "),
    (
        {"variation": {"verticalName": "軸" * 501, "skuList": [{"verticalNo": "S"}]}},
        "axes.vertical: .* most 500",
    ),
    (
        {"variation": {"skuList": [{"verticalNo": "S", "verticalName": "小" * 501}]}},
        "skus.0.vertical_name: .* 500",
    ),
    ({"variation": {"skuList": [{"verticalNo": "S", "janCode": "4" * 101}]}}, "product: skus.0.jan_code: .* 100"),
    ({"with_stock": [10**9]}, "product: skus.0.stock: .* equal to 999999999"),
]


@pytest.mark.parametrize(("changes", "words"), BEYOND, ids=lambda value: str(value)[:40])
def test_what_is_beyond_a_limit_of_the_contract_is_a_bad_product_by_name(changes, words):
    """IM-8."""
    with_stock = None
    if "with_stock" in changes:
        rows = [{"verticalNo": "S", "horizontalNo": "", "count": count} for count in changes["with_stock"]]
        with_stock, changes = stock(inventoryInfo={"regular": {"inventoryList": rows}}), {}
    with pytest.raises(Unreadable, match=words):
        product(with_stock=with_stock, **changes)


def test_what_is_at_every_limit_is_a_message_that_the_contract_takes():
    skus = [
        {"verticalNo": "S", "horizontalNo": "", "verticalName": "小" * 500, "horizontalName": "", "janCode": "4" * 100}
    ]
    found = product(
        name="名" * 2_000,
        comment={"main": "x" * 1_000_000},
        image={"list": [{"url": "https://i/" + "x" * 4_086}] * 200},
        unitPrice=999_999_999,
        variation={"verticalName": "軸" * 500, "skuList": skus},
        optionPriceList=[{"verticalNo": "S", "horizontalNo": "", "unitPrice": 999_999_999}],
        dateCreated="1970-01-02T00:00:00",
    )
    body = ProductChanged(shop_key="demo", product_no="A-100", mode="changed_only", observed_at=NOW, product=found)
    event = new_event(body, source="/tests", id="1", time=NOW)
    assert parse(event.to_bytes(), topic=PRODUCT_CHANGES).data == body


def test_a_stamp_just_ahead_of_our_clock_is_taken():
    assert product(dateUpdated="2026-11-23T09:05:00").updated_at > NOW


def test_a_stamp_with_an_offset_keeps_it():
    assert product(dateUpdated="2026-11-22T09:30:00+00:00").updated_at == datetime(2026, 11, 22, 18, 30, tzinfo=JST)


def test_managed_stock_that_is_not_listed_or_unreadable_refuses_the_product():
    """ST-1: stock is taken once, so a missing one must not be taken for none."""
    with pytest.raises(Unreadable, match="inventory: stock is managed, but"):
        to_product(record(), None, SourceMap(), observed_at=NOW)
    broken = stock(inventoryInfo={"regular": {"inventoryList": [{"verticalNo": "S", "count": "many"}]}})
    with pytest.raises(Unreadable, match=r"inventory: inventoryInfo\.regular\.inventoryList\.count: must be a whole"):
        product(with_stock=broken)
