"""Nothing that we make of accepted messages is too large for Kafka or MongoDB; checked before the write."""

from datetime import UTC, datetime

import bson
import pytest

from catalog.errors import OutOfLimits
from catalog.rules.model import State
from catalog.store.documents import product_document
from catalog.store.sizes import check_size, fold_within_limits
from shopsync_contracts import TooLarge, new_event, parse
from shopsync_contracts.events import PushFailed, PushSucceeded, Reason, ReviewChanged, SkuSent
from shopsync_contracts.limits import MAX_DOCUMENT_BYTES, MAX_SNAPSHOT_BYTES
from shopsync_contracts.topics import CATALOG_PRODUCTS, LISTING_EVENTS, PRODUCT_CHANGES, TOOL_EDITS

ROOM = 8 * 1024
NOW = datetime(2026, 11, 23, tzinfo=UTC)
NUMBERS = [(str(v), str(h)) for v in range(20) for h in range(20)]


def sent(body, spec):
    """The event as its topic takes it: read by the contract, inside the topic's size."""
    event = new_event(body, source="/erp", id="x" * 1024, time=NOW)
    value = event.to_bytes()
    assert len(value) <= spec.max_message_bytes
    return parse(value, key=event.key(), topic=spec).data


def largest_change(story, filler, **members):
    """A product.changed of exactly as many bytes as its topic takes, most of it in one description."""
    skus = [
        {"vertical_no": v, "horizontal_no": h, "vertical_name": filler * 20, "horizontal_name": filler * 20, "stock": 9}
        for v, h in NUMBERS
    ]

    def build(size):
        return story.change(skus=skus, description=filler * size, name=filler * 100, images=[], **members)

    width = len(new_event(build(1), source="/", id="1", time=NOW).to_bytes()) - len(
        new_event(build(0), source="/", id="1", time=NOW).to_bytes()
    )
    empty = len(new_event(build(0), source="/erp", id="x" * 1024, time=NOW).to_bytes())
    return build(min(1_000_000, (PRODUCT_CHANGES.max_message_bytes - empty) // width))


def largest_edits(story, filler):
    """The largest attributes, by characters and by number, and the largest of everything else that does not shorten."""
    values = [[{"id": "1", "name": filler}] * 100 for _ in range(200)]
    for number in range(30):
        values[number][0] = {"id": "1", "name": filler * 1_900}
    yield story.edit(1, attributes=[{"id": str(n), "values": one} for n, one in enumerate(values)])
    yield story.edit(
        2,
        name=filler * 255,
        images=[filler * 4_096] * 9,
        size_chart_image=filler * 4_096,
        category_id=filler * 128,
        brand_id=filler * 128,
        package_weight_g=9_999_999,
        package_dimensions_cm={"length": 9_999, "width": 9_999, "height": 9_999},
        price=999_999_999,
        stock=[{"vertical_no": v, "horizontal_no": h, "quantity": 99_999} for v, h in NUMBERS],
    )


def largest_news(story, filler):
    """What TikTok says at most."""
    names = {"shop_key": story.shop_key, "product_no": story.product_no}
    yield PushSucceeded(
        **names,
        content_version=3,
        action="created",
        tiktok_product_id=filler * 128,
        skus=tuple(
            SkuSent(vertical_no=v, horizontal_no=h, tiktok_sku_id=filler * 128, stock_sent=999_999_999)
            for v, h in NUMBERS
        ),
        review="in_review",
        warnings=(filler * 9_999,) * 99,
    )
    reason = Reason(position=filler * 9_999, reason=filler * 9_999, suggestion=filler * 9_999)
    yield ReviewChanged(
        **names,
        tiktok_product_id=filler * 128,
        content_version=3,
        review="rejected",
        reasons=(reason,) * 99,
        occurred_at=NOW,
    )
    yield PushFailed(
        **names,
        content_version=3,
        status="incomplete",
        code=filler * 9_999,
        message=filler * 9_999,
        missing=tuple(f"{n}{filler * 9_999}" for n in range(999)),
    )


@pytest.mark.parametrize(
    "filler", ["\x01", "商", "😀", '"', "a"], ids=["escape", "japanese", "emoji", "quote", "ascii"]
)
def test_the_largest_product_with_the_largest_edits_and_news_fits_everywhere(story, filler):
    change = largest_change(story, filler)
    assert len(change.product.description) > 300_000
    bodies = [
        sent(change, PRODUCT_CHANGES),
        *(sent(edit, TOOL_EDITS) for edit in largest_edits(story, filler)),
        *(sent(news, LISTING_EVENTS) for news in largest_news(story, filler)),
    ]
    for body in bodies:
        folded = fold_within_limits(story.state, [story.message(body)], story.rules, story.now)
        assert not folded.waiting, folded.waiting
        assert not folded.refused, folded.refused
        story.state = folded.state
        event = new_event(story.snapshot, source="/shopsync/catalog", id="1" * 36, time=NOW)
        assert len(event.to_bytes()) + ROOM <= CATALOG_PRODUCTS.max_message_bytes == MAX_SNAPSHOT_BYTES
        assert parse(event.to_bytes(), topic=CATALOG_PRODUCTS).data == story.snapshot
        document = bson.encode(product_document(story.state, revision=1, writer="w" * 32))
        assert len(document) + ROOM <= MAX_DOCUMENT_BYTES
    # The edits shorten nothing: this is the product whose every part is as large as it may be.
    content = story.snapshot.content
    assert (len(content.attributes), len(content.images)) == (200, 9)
    assert content.description == change.product.description


def test_one_byte_more_than_its_topic_takes_is_no_message(story):
    change = largest_change(story, "商")
    value = new_event(change, source="/erp", id="x" * 1024, time=NOW).to_bytes()
    with pytest.raises(TooLarge):
        parse(value + b" " * (PRODUCT_CHANGES.max_message_bytes - len(value) + 1), topic=PRODUCT_CHANGES)


@pytest.fixture
def small_topic(monkeypatch):
    """Stands for any way in which a product could still become larger than its topic takes."""

    def limit(size):
        monkeypatch.setattr(
            "catalog.store.sizes.CATALOG_PRODUCTS",
            type(CATALOG_PRODUCTS)("small", "subject", (), (), (), max_message_bytes=size),
        )

    return limit


def test_an_edit_that_makes_an_existing_product_too_large_waits_for_its_dead_letter(story, small_topic):
    story.changed()
    size = len(story.snapshot.model_dump_json())
    small_topic(size + ROOM + 500)
    large, small = story.message(story.edit(1, description="長" * 400)), story.message(story.edit(2, category_id="1"))
    before = story.state
    folded = fold_within_limits(before, [large, small], story.rules, story.now)
    ((message, error),) = folded.waiting
    assert message is large
    assert isinstance(error, OutOfLimits)
    assert str(error).startswith("the snapshot of product demo/A-1 would have ")
    assert f"small takes {size + ROOM + 500}" in str(error)
    assert "the largest member is description with 1200 bytes" in str(error)
    kept, known = folded.state.snapshot, before.snapshot
    assert kept is not None
    assert known is not None
    assert kept["content"]["category_id"] == "1"
    assert kept["content"]["description"] == known["content"]["description"]
    assert "description" not in folded.state.record.edits
    alone = fold_within_limits(before, [large], story.rules, story.now)
    assert alone.state is before


def test_a_new_product_that_is_too_large_is_not_there(story, small_topic):
    small_topic(ROOM + 10)
    folded = fold_within_limits(State(), [story.message(story.change())], story.rules, story.now)
    assert folded.state == State()
    assert [type(error) for _, error in folded.waiting] == [OutOfLimits]


def test_a_document_larger_than_mongodb_takes_is_named(story, monkeypatch):
    story.changed()
    monkeypatch.setattr("catalog.store.sizes.MAX_DOCUMENT_BYTES", 1_100_000)
    check_size(story.state)
    story.changed(1, updated=1, description="x" * 1_000_000, name="x" * 2_000, images=["x" * 4_000] * 20)
    with pytest.raises(
        OutOfLimits, match=r"the document of product demo/A-1 would have \d+ bytes, MongoDB takes 1100000"
    ):
        check_size(story.state)
