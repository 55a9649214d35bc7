"""The merge under any order that Kafka allows: each topic in its order, topics in any interleaving, any batches."""

from datetime import UTC
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from catalog.rules.merge import fold
from catalog.rules.model import State, with_lists
from catalog.store.documents import layer_changes, product_document
from catalog.store.read_documents import read_product
from shopsync_contracts import PlainEvent, new_event, parse
from shopsync_contracts.events import (
    ProductSnapshot,
    PushFailed,
    PushSkipped,
    PushSucceeded,
    ReviewChanged,
    SkuSent,
)
from shopsync_contracts.ownership import DIMENSIONS, OWNERS, SIDES, Owner
from shopsync_contracts.topics import CATALOG_PRODUCTS, LISTING_EVENTS

COMMON = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

MINUTES = st.integers(0, 12)  # few, so that stamps are often equal
SKUS = ("S", "M", "L")
# S is always there: TikTok can only speak of SKUs that it has been sent.
NUMBERS = st.lists(st.sampled_from(["M", "L"]), max_size=2, unique=True).map(lambda more: ["S", *more])
NAMES = st.sampled_from(["甲", "乙", "丙"])

CHANGE = st.fixed_dictionaries(
    {
        "kind": st.just("change"),
        "observed": MINUTES,
        "updated": MINUTES,
        "mode": st.sampled_from(["changed_only", "overwrite_all"]),
        "name": NAMES,
        "numbers": NUMBERS,
        "stock": st.integers(0, 99),
        "managed": st.booleans(),
    }
)
REMOVAL = st.fixed_dictionaries({"kind": st.just("removal"), "started": MINUTES})
SIZE = st.none() | st.dictionaries(st.sampled_from(SIDES), st.none() | st.integers(1, 50), max_size=3)
SIZE_EDIT = st.fixed_dictionaries({"kind": st.just("edit"), "package_dimensions_cm": SIZE})
EDIT = st.fixed_dictionaries(
    {"kind": st.just("edit")},
    optional={
        "name": st.none() | NAMES,
        "price": st.none() | st.integers(1, 9999),
        "category_id": st.none() | st.sampled_from(["1", "2"]),
        "brand_id": st.none() | st.sampled_from(["7", "8"]),
        "attributes": st.none() | st.sampled_from([[], [{"id": "1", "values": [{"id": "5"}]}]]),
        "size_chart_image": st.none() | st.just("https://shop.example/size.jpg"),
        "package_weight_g": st.none() | st.integers(1, 500),
        "package_dimensions_cm": SIZE,
        "stock": st.lists(
            st.fixed_dictionaries({"vertical_no": st.sampled_from(SKUS), "quantity": st.integers(0, 99)}),
            unique_by=lambda one: one["vertical_no"],
            max_size=2,
        ),
    },
)
TARGET = st.fixed_dictionaries({"kind": st.just("target"), "enabled": st.booleans()})
CONTENT_VERSION = st.integers(1, 5)
TIKTOK = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.just("pushed"),
            "at": MINUTES,
            "content_version": CONTENT_VERSION,
            "action": st.sampled_from(["created", "edited", "relisted", "unchanged"]),
            "review": st.sampled_from(["in_review", "live", "draft"]),
            "numbers": st.sampled_from([[], ["S"]]),
            "stock": st.none() | st.integers(1, 99),
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("failed"),
            "content_version": CONTENT_VERSION,
            "status": st.sampled_from(["sync_error", "warehouse_missing", "incomplete"]),
        }
    ),
    st.fixed_dictionaries({"kind": st.just("skipped"), "why": st.sampled_from(["not_authorized", "sync_disabled"])}),
    st.fixed_dictionaries(
        {
            "kind": st.just("reviewed"),
            "at": MINUTES,
            "content_version": st.none() | CONTENT_VERSION,
            "review": st.sampled_from(["approved", "rejected", "pre_approved", "deactivated", "frozen", "deleted"]),
        }
    ),
)


@st.composite
def topics(draw, *, tiktok=False):
    """The topics' messages as specifications; edits and targets bear stamps that differ from each other."""
    changes = [*some(draw, CHANGE | REMOVAL, 2), draw(CHANGE), *some(draw, CHANGE | REMOVAL, 4)]
    tool = some(draw, EDIT | SIZE_EDIT | TARGET, 8)
    stamps = draw(st.lists(MINUTES, min_size=len(tool), max_size=len(tool), unique=True))
    stamped = [{**one, "at": stamp} for one, stamp in zip(tool, stamps, strict=True)]
    return changes, stamped, some(draw, TIKTOK, 5) if tiktok else []


def some(draw, one, most):
    """Up to so many, long lists as likely as short ones."""
    count = draw(st.integers(0, most))
    return draw(st.lists(one, min_size=count, max_size=count))


@st.composite
def interleaving(draw, sizes):
    """One order of the topics' turns, and where batches end."""
    turns = draw(st.permutations([index for index, size in enumerate(sizes) for _ in range(size)]))
    ends = draw(st.lists(st.booleans(), min_size=len(turns), max_size=len(turns)))
    return turns, ends


def message_of(story, at_minute, spec):
    members = {name: value for name, value in spec.items() if name not in ("kind", "at")}
    match spec["kind"]:
        case "change":
            number, managed = members.pop("stock"), members.pop("managed")
            skus = [{"vertical_no": one, "stock": number} for one in members.pop("numbers")]
            return story.message(story.change(**members, skus=skus, stock_managed=managed))
        case "removal":
            return story.message(story.removal(members["started"], f"E{members['started']}"))
        case "edit":
            return story.message(story.edit(spec["at"], **members))
        case "target":
            return story.message(story.target(members["enabled"]), time=at_minute(spec["at"]))
        case _:
            time = at_minute(spec.get("at", 0))
            return story.message(tiktok_body(spec["kind"], members, time), time=time)


def tiktok_body(kind, members, time):
    whose: dict[str, Any] = {"shop_key": "demo", "product_no": "A-1"}
    match kind:
        case "pushed":
            number = members.pop("stock")
            skus = tuple(
                SkuSent(vertical_no=one, horizontal_no="", tiktok_sku_id=f"T-{one}", stock_sent=number)
                for one in members.pop("numbers")
            )
            return PushSucceeded(**whose, **members, tiktok_product_id="T1", skus=skus)
        case "failed":
            return PushFailed(**whose, **members, code="1", message="no")
        case "skipped":
            return PushSkipped(**whose, **members)
        case _:
            return ReviewChanged(**whose, **members, tiktok_product_id="T1", occurred_at=time)


class Log:
    """The topics' messages, made once, so that every replay is of the same records."""

    def __init__(self, new_story, at_minute, specs):
        self.story = new_story()
        self.topics = [[message_of(self.story, at_minute, one) for one in topic] for topic in specs]
        self.sizes = [len(topic) for topic in self.topics]

    def play(self, order, on_batch=lambda *_: None, *, rewinds=None, times=1):
        """Fold batch by batch; what waits comes again first, as held, like the service does it.

        `times`: how often each message comes in a row. `rewinds`: after so many turns, so many of them come again,
        when a batch has just been written.
        """
        turns, ends = order
        left = [list(topic) for topic in self.topics]
        # What the log holds, in the order of one consumer: a rewind repeats a stretch of it.
        log = causal([left[turn].pop(0) for turn in turns])
        feed = []
        for index, (message, end) in enumerate(zip(log, ends, strict=True)):
            feed += [(message, False)] * (times - 1) + [(message, end)]
            if end and (back := (rewinds or {}).get(index + 1, 0)):
                stretch = log[max(0, index + 1 - back) : index + 1]
                feed += [(one, number == len(stretch)) for number, one in enumerate(stretch, 1)]
        state, batch, held = State(), [], {}
        for message, end in [*feed, (None, True)]:
            if message is not None:
                batch.append(message)
            if end:
                before = state
                taken = [*held.values(), *batch]
                folded = fold(state, taken, self.story.rules, self.story.now)
                assert folded.refused == []
                # Held ones are kept by their place, so that one that comes again is not held twice.
                state, held = folded.state, {one.place: replace(one, held=True) for one, _ in folded.waiting}
                on_batch(before, [one for one in taken if one.place not in held], folded)
                batch = []
        return state, list(held)


def causal(log):
    """TikTok cannot speak of a product before the catalogue has shown it: what comes too early comes right after."""
    first = next((index for index, one in enumerate(log) if one.event.data.TYPE == "product.changed"), len(log))
    early = [one for one in log[:first] if one.topic == LISTING_EVENTS.name]
    return [one for one in log[:first] if one not in early] + log[first : first + 1] + early + log[first + 1 :]


def visible(state):
    """The snapshot without what tells how often it was made."""
    if state.snapshot is None:
        return None
    left_out = {"version", "content_version", "changed_at", "overwritten_edits"}
    return {name: value for name, value in state.snapshot.items() if name not in left_out}


def layers(record):
    """Everything but TikTok's layer; which stock was sent belongs to that one."""
    stock = {number: (one.imported, one.unmanaged, one.edit) for number, one in record.stock.items()}
    return record.upstream, record.edits, record.tool, record.target, stock


@pytest.mark.reliability(10)
@COMMON
@given(data=st.data(), specs=topics())
def test_scenario_44_any_interleaving_and_any_batches_give_the_same_product(data, specs, new_story, at_minute):
    log = Log(new_story, at_minute, specs)
    one, waiting = log.play(data.draw(interleaving(log.sizes)))
    other, also_waiting = log.play(data.draw(interleaving(log.sizes)))
    assert visible(one) == visible(other)
    assert waiting == also_waiting
    if one.record is not None:
        assert one.record.stock == other.record.stock
        assert layers(one.record) == layers(other.record)


@pytest.mark.reliability(9)
@COMMON
@given(data=st.data(), specs=topics(tiktok=True))
def test_im7_redelivery_changes_nothing(data, specs, new_story, at_minute):
    """Any part of the log comes again, from any place and any number of times, as after crashes before the commit."""
    log = Log(new_story, at_minute, specs)
    turns, ends = data.draw(interleaving(log.sizes))
    once, waiting = log.play((turns, ends))
    rewinds = data.draw(st.lists(st.tuples(st.integers(0, len(turns)), st.integers(1, 6)), max_size=4))
    again, still_waiting = log.play((turns, ends), rewinds=dict(rewinds))
    assert again == once
    assert still_waiting == waiting


@pytest.mark.reliability(9)
@COMMON
@given(data=st.data(), specs=topics(tiktok=True))
def test_im7_every_message_twice_changes_nothing(data, specs, new_story, at_minute):
    """Adjacent and far apart: each message at once again, then the whole log once more."""
    log = Log(new_story, at_minute, specs)
    order = data.draw(interleaving(log.sizes))
    once, _ = log.play(order)
    twice, _ = log.play(order, times=2)
    assert twice == once
    for topic in log.topics:
        after = fold(once, topic, log.story.rules, log.story.now)
        assert visible(after.state) == visible(once)
        assert after.state.record == once.record
        if _in_state(once, topic):
            assert after.repeated


def _in_state(state, messages):
    return [
        one
        for one in messages
        if (known := state.applied.get((one.topic, one.partition))) is not None and one.offset <= known.offset
    ]


def newest(bodies, member, *, default=None):
    """What the last writer by `edited_at` said of a member of its changes."""
    sent = [one for one in bodies if member in one.changes.model_fields_set]
    last = max(sent, key=lambda one: one.edited_at, default=None)
    return default if last is None else last.changes.model_dump(mode="json")[member]


def newest_side(bodies, side):
    sent = []
    for one in bodies:
        size = one.changes.package_dimensions_cm
        if "package_dimensions_cm" in one.changes.model_fields_set and (size is None or side in size.model_fields_set):
            sent.append((one.edited_at, None if size is None else getattr(size, side)))
    return max(sent, default=(None, None))[1]


def applied_edits(log, waiting):
    bodies = [one.event.data for one in log.topics[1] if one.place not in waiting]
    return [one for one in bodies if one.TYPE == "product.edited"]


@COMMON
@given(data=st.data(), specs=topics(tiktok=True))
def test_ed7_no_tool_only_value_is_ever_lost(data, specs, new_story, at_minute):
    """After any history each tool-only field holds exactly what the merchant last said of it."""
    log = Log(new_story, at_minute, specs)
    state, waiting = log.play(data.draw(interleaving(log.sizes)))
    if state.record is None:
        return
    edits, content = applied_edits(log, waiting), state.snapshot["content"]
    plain = [name for name, owner in OWNERS.items() if owner is Owner.TOOL and name != DIMENSIONS]
    for name in plain:
        assert content[name] == (newest(edits, name) or ([] if name == "attributes" else None))
    size = content["package_dimensions_cm"]
    for side in SIDES:
        assert (None if size is None else size[side]) == newest_side(edits, side)


@COMMON
@given(data=st.data(), specs=topics(tiktok=True))
def test_nv3_stock_never_changes_after_its_import_but_by_an_edit(data, specs, new_story, at_minute):
    """Batch by batch against what was imported first and what the merchant last said since."""
    log = Log(new_story, at_minute, specs)
    first, said = {}, {}

    def check(before, taken, folded):
        record = folded.state.record
        if record is None:
            return
        for one in taken:
            if one.event.data.TYPE == "product.edited":
                for edit in one.event.data.changes.stock:
                    stamp = (one.event.data.edited_at, edit.quantity)
                    number = (edit.vertical_no, edit.horizontal_no)
                    said[number] = max(said.get(number, stamp), stamp, key=lambda entry: entry[0])
        for number, stock in record.stock.items():
            expected = first.setdefault(number, (stock.imported, stock.unmanaged))
            assert (stock.imported, stock.unmanaged) == expected
            assert stock.quantity == (said[number][1] if number in said else expected[0])
        for sku in folded.state.snapshot["skus"]:
            assert sku["stock"] == record.stock[(sku["vertical_no"], sku["horizontal_no"])].quantity
        if before.record is not None:
            assert set(before.record.stock) <= set(record.stock)

    log.play(data.draw(interleaving(log.sizes)), check)


@COMMON
@given(data=st.data(), specs=topics(tiktok=True))
def test_st1_imported_stock_is_that_of_the_first_permitted_change(data, specs, new_story, at_minute):
    """A small model of rule A and of stock beside the fold, over the changes alone."""
    log = Log(new_story, at_minute, specs)
    state, _ = log.play(data.draw(interleaving(log.sizes)))
    taken, expected = None, {}
    for body in (one.event.data for one in log.topics[0]):
        if body.TYPE != "product.changed":
            continue
        newer = taken is None or (
            body.observed_at >= taken[1] if body.mode == "overwrite_all" else body.product.updated_at > taken[0]
        )
        if newer:
            taken = (body.product.updated_at, body.observed_at if taken is None else max(body.observed_at, taken[1]))
            for sku in body.product.skus:
                expected.setdefault(sku.vertical_no, sku.stock if body.product.stock_managed else None)
    found = {} if state.record is None else {number[0]: one.imported for number, one in state.record.stock.items()}
    assert found == expected


@COMMON
@given(data=st.data(), specs=topics(tiktok=True))
def test_ly4_tiktoks_news_change_no_higher_layer(data, specs, new_story, at_minute):
    log = Log(new_story, at_minute, specs)
    turns, ends = data.draw(interleaving(log.sizes))
    with_tiktok, _ = log.play((turns, ends))
    quiet = [(turn, end) for turn, end in zip(turns, ends, strict=True) if turn != 2]
    without, _ = log.play(([turn for turn, _ in quiet], [end for _, end in quiet]))
    if without.record is None:
        assert with_tiktok.record is None
        return
    assert layers(with_tiktok.record) == layers(without.record)
    assert with_tiktok.snapshot["content"] == without.snapshot["content"]


@COMMON
@given(data=st.data(), specs=topics())
def test_ss1_versions_only_grow_and_status_is_of_one_mind_with_missing(data, specs, new_story, at_minute):
    def check(before, _batch, folded):
        after = folded.state
        if after.snapshot is None:
            return
        assert (after.snapshot["status"] == "incomplete") == bool(after.snapshot["missing"])
        if before.snapshot is None:
            return
        assert after.snapshot["version"] - before.snapshot["version"] in (0, 1)
        assert after.snapshot["content_version"] - before.snapshot["content_version"] in (0, 1)
        if after.snapshot["version"] == before.snapshot["version"]:
            assert after.snapshot is before.snapshot
        if after.snapshot["content"] != before.snapshot["content"]:
            assert after.snapshot["content_version"] > before.snapshot["content_version"]

    log = Log(new_story, at_minute, specs)
    log.play(data.draw(interleaving(log.sizes)), check)


@COMMON
@given(data=st.data(), specs=topics(tiktok=True))
def test_the_snapshot_is_written_as_its_model_would_write_it(data, specs, new_story, at_minute):
    """The catalog does not validate what it publishes. Strictly validated, it must be the same, byte for byte."""
    log = Log(new_story, at_minute, specs)
    state, _ = log.play(data.draw(interleaving(log.sizes)))
    if state.snapshot is None:
        return
    envelope = {"source": "/shopsync/catalog", "id": "1", "time": state.snapshot["changed_at"]}
    plain = PlainEvent(ProductSnapshot, state.snapshot, subject="demo/A-1", **envelope)
    event = parse(plain.to_bytes(), key=plain.key(), topic=CATALOG_PRODUCTS)
    assert plain.to_bytes() == new_event(event.data, **envelope).to_bytes()
    assert with_lists(event.data.model_dump()) == state.snapshot


@COMMON
@given(data=st.data(), specs=topics(tiktok=True))
def test_what_readers_do_not_see_is_written_in_part_and_the_document_is_the_same(data, specs, new_story, at_minute):
    def check(before, _batch, folded):
        after = folded.state
        if after is before or after.record is None or after.snapshot is not before.snapshot:
            return
        document = product_document(before, revision=1, writer="w")
        for path, value in layer_changes(before, after).items():
            outer, _, inner = path.partition(".")
            if inner:
                document[outer] = {**document[outer], inner: value}
            else:
                document[outer] = value
        assert document == product_document(after, revision=1, writer="w")

    log = Log(new_story, at_minute, specs)
    log.play(data.draw(interleaving(log.sizes)), check)


@COMMON
@given(data=st.data(), specs=topics())
def test_documents_keep_every_layer(data, specs, new_story, at_minute):
    log = Log(new_story, at_minute, specs)
    state, _ = log.play(data.draw(interleaving(log.sizes)))
    if state.record is None:
        return
    written = bson.encode(product_document(state, revision=1, writer="w"))
    assert read_product(bson.decode(written, CodecOptions(tz_aware=True, tzinfo=UTC))) == state
